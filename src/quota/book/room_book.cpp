// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/room_book.h"

#include "base/glob.h"
#include "quota/presets.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tidegate::quota {
namespace {

constexpr std::int64_t kNoTime = SteadyTime::max().time_since_epoch().count();
constexpr Nanoseconds kLongestSleep = Seconds(1);
constexpr Nanoseconds kSpentFor = Seconds(15 * 60);  ///< a room that is made later looks again for itself

constexpr std::size_t kMostRooms = 2'000;
constexpr std::size_t kMostRetired = 4'000;
constexpr Nanoseconds kRetiredFor = Seconds(60);
constexpr Nanoseconds kIdleFor = Seconds(10 * 60);     ///< by then its levels are full again: it knows nothing that a new one would not
constexpr Nanoseconds kUselessIdleFor = Seconds(5);    ///< no answer ever came of it
constexpr std::string_view kOthers = "others";         ///< the group of those that find no place

/// Ends every part, so that two different names never read alike.
std::string id_of(const RoomName& name) {
  std::string id;
  id.reserve(name.provider.size() + name.model_group.size() + name.class_name.size() + name.credential.size() + 4);
  for (const std::string_view part : {name.provider, name.model_group, name.class_name, name.credential}) {
    id += part;
    id += '\x1f';
  }
  return id;
}

}  // namespace

RoomBook::RoomBook(const Clock& clock, Restore restore) : clock_(clock), restore_(std::move(restore)), coarse_now_(clock.now().steady.time_since_epoch().count()), next_wake_(kNoTime) {}

RoomBook::~RoomBook() { stop(); }

void RoomBook::configure(const AdmissionOptions& admission, std::span<const ProviderPlan> providers) {
  static const KeySpec kNameless{};
  {
    const std::unique_lock lock(mutex_);
    admission_ = admission;
    for (const ProviderPlan& plan : providers) {
      std::unique_ptr<Provider>& provider = providers_[plan.provider];
      if (provider == nullptr) provider = std::make_unique<Provider>();
      provider->pools = plan.pools;
      const std::span keys = plan.keys.empty() ? std::span(&kNameless, 1) : std::span(plan.keys);
      provider->ring.set_keys(keys);
      const std::size_t over = std::erase_if(provider->spent, [&](const auto& spent) {
        return std::none_of(keys.begin(), keys.end(), [&](const KeySpec& key) { return key.name == spent.first; });
      });
      spent_.fetch_sub(over, std::memory_order_relaxed);
    }
    for (const auto& [name, provider] : providers_) {
      const bool is_named = std::any_of(providers.begin(), providers.end(), [&](const ProviderPlan& plan) { return plan.provider == name; });
      if (provider->is_gone == is_named) set_gone(name, *provider, !is_named);
    }
  }
  // Who waits for a key that is gone, or could take a new one, hears of it now.
  const SteadyTime now = clock_.now().steady;
  for (const std::shared_ptr<Room>& room : live_rooms()) room->live->pump(now);
}

/// Under the lock.
void RoomBook::set_gone(std::string_view name, Provider& provider, bool is_gone) {
  provider.is_gone = is_gone;
  if (is_gone) {
    provider.ring.set_keys({});
    spent_.fetch_sub(provider.spent.size(), std::memory_order_relaxed);
    provider.spent.clear();
  }
  for (const auto& [id, room] : rooms_) {
    if (room->provider == name && !room->credential.empty()) room->set_own_key(!is_gone);
  }
}

LiveRoom* RoomBook::room(const RoomName& name) {
  const std::string id = id_of(name);
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = rooms_.find(id); found != rooms_.end()) return ask_for(*found->second);
  }
  return make_room(id, name);
}

LiveRoom* RoomBook::ask_for(Room& room) {
  // Written once a second or so: the line is shared by all workers.
  const std::int64_t now = coarse_now_.load(std::memory_order_relaxed);
  if (room.asked_at.load(std::memory_order_relaxed) != now) room.asked_at.store(now, std::memory_order_relaxed);
  return room.live.get();
}

/// Under the lock. Whether there is a place for one more room.
bool RoomBook::make_place(SteadyTime now) {
  while (!retired_.empty() && now - retired_.front().since > kRetiredFor) retired_.pop_front();
  if (rooms_.size() < kMostRooms) return true;
  if (retired_.size() >= kMostRetired) return false;
  auto oldest = rooms_.end();
  const auto rank = [](const Room& room) { return std::tuple(room.live->has_answered(), room.asked_at.load(std::memory_order_relaxed)); };
  for (auto room = rooms_.begin(); room != rooms_.end(); ++room) {
    const SteadyTime asked_at{Nanoseconds(room->second->asked_at.load(std::memory_order_relaxed))};
    if (now - asked_at < (room->second->live->has_answered() ? kIdleFor : kUselessIdleFor)) continue;
    if (oldest != rooms_.end() && rank(*room->second) >= rank(*oldest->second)) continue;
    if (room->second->live->is_empty()) oldest = room;
  }
  if (oldest == rooms_.end()) return false;
  retired_.push_back({now, std::move(oldest->second)});
  rooms_.erase(oldest);
  return true;
}

LiveRoom* RoomBook::make_room(const std::string& id, const RoomName& name) {
  const std::unique_lock lock(mutex_);
  if (const auto found = rooms_.find(id); found != rooms_.end()) return ask_for(*found->second);
  const auto provider = providers_.find(name.provider);
  if (provider == providers_.end()) return nullptr;
  const SteadyTime now = clock_.now().steady;
  coarse_now_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  if (make_place(now)) return ask_for(*rooms_.emplace(id, furnish(*provider->second, name, now)).first->second);
  if (!name.credential.empty()) return nullptr;  // its limits are nobody else's
  RoomName others = name;
  others.model_group = kOthers;
  std::shared_ptr<Room>& shared = rooms_[id_of(others)];
  if (shared == nullptr) shared = furnish(*provider->second, others, now);
  return ask_for(*shared);
}

/// Under the lock.
std::shared_ptr<RoomBook::Room> RoomBook::furnish(Provider& provider, const RoomName& name, SteadyTime now) {
  auto room = std::make_shared<Room>();
  room->provider = name.provider;
  room->model_group = name.model_group;
  room->class_name = name.class_name;
  room->credential = name.credential;
  RoomPlan plan;
  plan.model_group = name.model_group;
  // How many messages at once a provider takes is felt for. Nothing is known of a bound on its other calls, which are free and many.
  plan.settings.bucket.feels_its_way = is_of_a_model(name.model_group);
  if (plan.settings.bucket.feels_its_way) plan.settings.bucket.opening = kUsualOpening;
  plan.settings.bucket.accounting = provider.pools.output;
  plan.settings.batch_reserve = admission_.batch_reserve;
  plan.settings.max_waiting = admission_.max_waiting;
  plan.settings.holds_batch = holds_batch(name.provider);
  room->class_factor = name.class_factor;
  plan.known = known_of(provider, name.model_group, name.class_factor);
  if (name.class_headers == HeaderScope::Model) plan.header_factor = name.class_factor;
  plan.time_scale = admission_.time_scale;
  if (restore_ && name.class_name.empty()) plan.restored = restore_(name.provider, name.model_group);
  KeyRing* ring = &provider.ring;
  if (!name.credential.empty()) {
    room->set_own_key(!provider.is_gone);
    ring = &room->own_ring;
  }
  room->live = std::make_unique<LiveRoom>(*ring, std::move(plan), [this](SteadyTime at) { note_wake(at); }, now);
  if (!name.credential.empty()) return room;
  for (const auto& [key, since] : provider.spent) {
    if (now - since < kSpentFor) room->live->money_spent(now, key);
  }
  return room;
}

GroupLimits RoomBook::known_of(const Provider& provider, std::string_view model_group, double factor) {
  const auto stated = provider.stated.find(model_group);
  GroupLimits known = known_limits(provider.pools, model_group, stated == provider.stated.end() ? GroupLimits{} : stated->second);
  for (const Dimension d : kAllDimensions) {
    if (known.limits[d]) known.limits[d] = *known.limits[d] * factor;
  }
  for (const PeriodDimension d : kPeriodDimensions) {
    if (known.periods[d]) known.periods[d] = *known.periods[d] * factor;
  }
  return known;
}

void RoomBook::set_stated_limits(std::string_view provider, std::map<std::string, GroupLimits, std::less<>> limits) {
  std::vector<std::pair<std::shared_ptr<Room>, GroupLimits>> rooms;
  {
    const std::unique_lock lock(mutex_);
    const auto found = providers_.find(provider);
    if (found == providers_.end()) return;
    found->second->stated = std::move(limits);
    for (const auto& [id, room] : rooms_) {
      if (room->provider == provider) rooms.emplace_back(room, known_of(*found->second, room->model_group, room->class_factor));
    }
  }
  const SteadyTime now = clock_.now().steady;
  for (const auto& [room, known] : rooms) room->live->set_known(now, known);
}

bool RoomBook::holds_batch(std::string_view provider) const {
  return std::any_of(held_.begin(), held_.end(), [&](const std::string& glob) { return matches_glob(glob, provider); });
}

void RoomBook::hold_batch(std::vector<std::string> providers) {
  std::vector<std::pair<std::shared_ptr<Room>, bool>> rooms;
  {
    const std::unique_lock lock(mutex_);
    held_ = std::move(providers);
    for (const auto& [id, room] : rooms_) rooms.emplace_back(room, holds_batch(room->provider));
  }
  const SteadyTime now = clock_.now().steady;
  for (const auto& [room, held] : rooms) room->live->hold_batch(now, held);
}

void RoomBook::money_spent(std::string_view provider, std::string_view key, const LiveRoom* knows) {
  std::vector<std::shared_ptr<Room>> others;
  const SteadyTime now = clock_.now().steady;
  {
    const std::unique_lock lock(mutex_);
    if (const auto known = providers_.find(provider); known != providers_.end()) {
      if (known->second->spent.insert_or_assign(std::string(key), now).second) spent_.fetch_add(1, std::memory_order_relaxed);
    }
    for (const auto& [id, room] : rooms_) {
      if (room->provider == provider && room->credential.empty() && room->live.get() != knows) others.push_back(room);
    }
  }
  for (const std::shared_ptr<Room>& room : others) room->live->money_spent(now, key);
}

void RoomBook::money_works(std::string_view provider, std::string_view key, SteadyTime sent_at) {
  Provider* known = nullptr;
  std::string pool;
  const auto is_over = [&](const auto& spent) { return spent.second < sent_at && known->ring.pool_of(spent.first) == pool; };
  {
    const std::shared_lock lock(mutex_);
    const auto found = providers_.find(provider);
    if (found == providers_.end() || found->second->spent.empty()) return;
    known = found->second.get();
    pool = known->ring.pool_of(key);
    if (std::none_of(known->spent.begin(), known->spent.end(), is_over)) return;  // nearly always, and then nobody was kept waiting
  }
  const std::unique_lock lock(mutex_);
  spent_.fetch_sub(std::erase_if(known->spent, is_over), std::memory_order_relaxed);
}

std::vector<RoomBook::SpentPool> RoomBook::spent_pools() {
  std::map<std::pair<std::string, std::string>, std::optional<SteadyTime>> pools;
  const auto add = [&](const std::string& provider, const std::string& pool, std::optional<SteadyTime> asked_at) {
    const auto [found, is_new] = pools.try_emplace({provider, pool}, asked_at);
    if (!is_new) found->second = found->second && asked_at ? std::optional(std::max(*found->second, *asked_at)) : std::nullopt;
  };
  const SteadyTime now = clock_.now().steady;
  const std::shared_lock lock(mutex_);
  for (const auto& [name, provider] : providers_) {
    for (const KeyRing::Entry& key : provider->ring.entries()) {
      if (key.draining) continue;
      // What is said of a key (402) is of its pool as far as this key leads there.
      if (key.fault == KeyRing::Fault::Billing) add(name, key.pool, key.probe == Probe::None ? key.back_at : std::optional(now));
      const auto spent = provider->spent.find(key.name);
      if (spent != provider->spent.end()) add(name, key.pool, spent->second + kSpentFor);
    }
  }
  std::vector<SpentPool> all;
  for (const auto& [name, asked_at] : pools) all.push_back({name.first, name.second, asked_at});
  return all;
}

KeyRing* RoomBook::keys(std::string_view provider) {
  const std::shared_lock lock(mutex_);
  const auto found = providers_.find(provider);
  return found == providers_.end() ? nullptr : &found->second->ring;
}

std::vector<std::shared_ptr<RoomBook::Room>> RoomBook::live_rooms() {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<Room>> rooms;
  rooms.reserve(rooms_.size());
  for (const auto& [id, room] : rooms_) rooms.push_back(room);
  return rooms;
}

std::vector<RoomBook::NamedRoom> RoomBook::rooms() {
  std::vector<std::shared_ptr<Room>> found = live_rooms();
  const auto name = [](const auto& room) { return std::tie(room.provider, room.model_group, room.class_name, room.credential); };
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return name(*a) < name(*b); });
  const SteadyTime now = clock_.now().steady;
  std::vector<NamedRoom> rooms;
  for (const std::shared_ptr<Room>& room : found) {
    rooms.push_back({room->provider, room->model_group, room->class_name, room->credential, room->live->view(now)});
  }
  return rooms;
}

std::vector<RoomBook::NamedKeys> RoomBook::all_keys() {
  const std::shared_lock lock(mutex_);
  std::vector<NamedKeys> all;
  for (const auto& [name, provider] : providers_) all.push_back({name, provider->ring.entries()});
  return all;
}

// --- time ------------------------------------------------------------------------------------------------------------

void RoomBook::note_wake(SteadyTime at) {
  const std::int64_t when = at.time_since_epoch().count();
  if (when >= next_wake_.load(std::memory_order_acquire)) return;
  {
    const std::lock_guard lock(timer_mutex_);
    if (when >= next_wake_.load(std::memory_order_relaxed)) return;
    next_wake_.store(when, std::memory_order_release);
    is_early_ = true;
  }
  timer_.notify_one();
}

SteadyTime RoomBook::pump_due(SteadyTime now) {
  coarse_now_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  std::vector<KeyRing*> rings;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [name, provider] : providers_) rings.push_back(&provider->ring);
  }
  SteadyTime next = SteadyTime::max();
  bool keys_came_back = false;
  for (KeyRing* const ring : rings) {
    const auto back_at = ring->next_return();
    if (!back_at) continue;
    if (*back_at <= now) {
      ring->put_back(now);
      keys_came_back = true;
    } else {
      next = std::min(next, *back_at);
    }
  }
  for (const std::shared_ptr<Room>& room : live_rooms()) {
    if (keys_came_back || room->live->wake_at() <= now) room->live->pump(now);
    next = std::min(next, room->live->wake_at());
  }
  return next;
}

void RoomBook::run() {
  std::unique_lock lock(timer_mutex_);
  while (!stopping_) {
    is_early_ = false;
    next_wake_.store(kNoTime, std::memory_order_release);
    lock.unlock();
    // Keys that left rotation meanwhile are seen within the longest sleep.
    const SteadyTime next = pump_due(clock_.now().steady);
    lock.lock();
    if (is_early_) continue;
    next_wake_.store(next.time_since_epoch().count(), std::memory_order_release);
    const Nanoseconds pause = std::clamp<Nanoseconds>(next == SteadyTime::max() ? kLongestSleep : next - clock_.now().steady,
                                                      Nanoseconds(0), kLongestSleep);
    timer_.wait_for(lock, pause, [this] { return stopping_ || is_early_; });
  }
}

void RoomBook::start() {
  thread_ = std::thread([this] { run(); });
}

void RoomBook::stop() {
  {
    const std::lock_guard lock(timer_mutex_);
    stopping_ = true;
  }
  timer_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace tidegate::quota
