// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/live_room.h"

#include "quota/book/readings.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tidegate::quota {
namespace {

RoomPlan translated(const Tempo& tempo, RoomPlan plan) {
  plan.known.limits = tempo.inside(plan.known.limits);
  for (KnownPool& pool : plan.restored) pool.limits = tempo.inside(pool.limits);
  return plan;
}

}  // namespace

LiveRoom::LiveRoom(KeyRing& ring, RoomPlan plan, std::function<void(SteadyTime)> on_wake, SteadyTime now)
    : ring_(ring),
      tempo_(plan.time_scale, now),
      plan_(translated(tempo_, std::move(plan))),
      on_wake_(std::move(on_wake)),
      wake_at_(SteadyTime::max().time_since_epoch().count()),
      room_(now, plan_.settings) {
  follow_ring(now);
}

// --- keys and pools --------------------------------------------------------------------------------------------------

std::optional<std::size_t> LiveRoom::key_named(std::string_view name) const {
  const auto found = std::find(key_names_.begin(), key_names_.end(), name);
  return found == key_names_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - key_names_.begin()));
}

/// Some key of the pool that is still in the ring, in rotation or not.
std::optional<std::size_t> LiveRoom::key_of_pool(PoolName name) const {
  const auto is_there = [this](std::size_t key) { return !key_drains_[key]; };
  if (!name.pool.empty()) {
    for (std::size_t key = 0; key < key_names_.size(); ++key) {
      if (is_there(key) && pool_names_[room_.bucket_of(key)] == name.pool) return key;
    }
  }
  if (name.key.empty()) return std::nullopt;
  const std::optional<std::size_t> key = key_named(name.key);
  return key && is_there(*key) ? key : std::nullopt;
}

/// A limit that comes to be known later than the pool counts what was used before this process, too.
void LiveRoom::set_periods(std::size_t bucket) {
  PeriodLevels& periods = room_.bucket(bucket).periods();
  const PeriodLevels before = periods;
  periods.set_limits(plan_.known.periods);
  for (const KnownPool& known : plan_.restored) {
    if (known.pool != pool_names_[bucket]) continue;
    for (const PeriodDimension d : kPeriodDimensions) {
      if (!before.limit(d)) periods.set_used(d, known.used[d]);
    }
  }
}

std::size_t LiveRoom::pool_named(const std::string& pool, SteadyTime now) {
  const auto found = std::find(pool_names_.begin(), pool_names_.end(), pool);
  if (found != pool_names_.end()) return static_cast<std::size_t>(found - pool_names_.begin());
  const std::size_t bucket = room_.add_bucket(now);
  pool_names_.push_back(pool);
  room_.bucket(bucket).set_limits(now, plan_.known.limits);
  room_.bucket(bucket).set_concurrency(plan_.known.concurrency);
  set_periods(bucket);
  for (const KnownPool& known : plan_.restored) {
    if (known.pool != pool) continue;
    room_.bucket(bucket).set_limits(now, known.limits);
    for (const Dimension d : kAllDimensions) {
      if (known.levels[d]) room_.bucket(bucket).set_level(now, d, *known.levels[d]);
    }
  }
  return bucket;
}

void LiveRoom::place_key(const KeyRing::Entry& entry, SteadyTime now) {
  std::optional<std::size_t> key = key_named(entry.name);
  if (!key) {
    if (entry.draining) return;
    key = room_.add_key(pool_named(entry.pool, now));
    key_names_.push_back(entry.name);
    key_drains_.push_back(false);
  }
  key_drains_[*key] = entry.draining;
  const std::size_t before = room_.bucket_of(*key);
  if (pool_names_[before] != entry.pool) {
    const auto other = std::find(pool_names_.begin(), pool_names_.end(), entry.pool);
    // A pool that stood for this key alone turns out to be of an organisation: the same levels under its true name, or together with
    // those that were known of it.
    const bool stood_for_the_key = pool_names_[before].starts_with("key:" + entry.name);
    if (stood_for_the_key && other == pool_names_.end()) {
      pool_names_[before] = entry.pool;
    } else if (stood_for_the_key) {
      room_.merge_buckets(now, static_cast<std::size_t>(other - pool_names_.begin()), before);
      pool_names_[before].clear();  // nothing leads there any more
    } else {
      room_.move_key(*key, pool_named(entry.pool, now));
    }
  }
  room_.set_key_in_rotation(*key, entry.in_rotation);
  room_.set_probe(*key, entry.probe);
}

/// Under the lock, or before anybody else knows the room.
void LiveRoom::follow_ring(SteadyTime now) {
  const std::uint64_t version = ring_.version();
  if (version == ring_version_) return;
  ring_version_ = version;
  for (const KeyRing::Entry& entry : ring_.entries(plan_.model_group)) place_key(entry, now);
}

// --- requests --------------------------------------------------------------------------------------------------------

std::string_view LiveRoom::key_of(const Decision& decision) const {
  return decision.verdict == Verdict::Go ? std::string_view(key_names_[decision.key]) : std::string_view{};
}

/// False: the key that it was to try is being tried by a request of another room; it stands in its queue again.
bool LiveRoom::may_go(SteadyTime now, const Decision& decision) {
  if (!decision.is_probe) return true;
  const std::optional<std::uint64_t> number = ring_.begin_probe(key_names_[decision.key], plan_.model_group);
  if (!number) {
    room_.refused(now, decision.request, Refusal{.kind = RefusalKind::Key, .dimension = {}, .retry_after_seconds = {}, .ramp = {}, .readings = {}});
    return false;
  }
  if (*number != 0) probes_.push_back({decision.request, decision.key, *number});
  return true;
}

/// Whatever became of a probe (an answer, another refusal, a client that left): where it told nothing of the key, the next one is tried.
void LiveRoom::end_probes() {
  std::erase_if(probes_, [this](const KeyProbe& probe) {
    const WaitingRequest* const request = room_.find(probe.request);
    if (request != nullptr && request->state == RequestState::Flying) return false;
    ring_.end_probe(key_names_[probe.key], probe.number);
    return true;
  });
}

void LiveRoom::pump_locked(SteadyTime now, Deliveries& deliveries, const RequestId* own, std::optional<Decision>* own_decision) {
  bool all_go = false;
  while (!all_go) {
    all_go = true;
    end_probes();
    follow_ring(now);
    decisions_.clear();
    room_.pump(now, decisions_);
    for (Decision& decision : decisions_) {
      if (!may_go(now, decision)) {
        all_go = false;
        continue;
      }
      decision.wait_seconds = tempo_.seconds_outside(decision.wait_seconds);
      if (own != nullptr && decision.request == *own) {
        *own_decision = decision;
        continue;
      }
      if (decision.request.slot >= waiters_.size() || waiters_[decision.request.slot] == nullptr) continue;
      deliveries.push_back({std::exchange(waiters_[decision.request.slot], nullptr), decision, key_of(decision)});
    }
  }
  const SteadyTime wake = tempo_.outside(room_.wake_at().value_or(SteadyTime::max()));
  const std::int64_t before = wake_at_.load(std::memory_order_relaxed);  // only changed under the lock
  if (wake.time_since_epoch().count() == before) return;
  wake_at_.store(wake.time_since_epoch().count(), std::memory_order_release);
  if (wake.time_since_epoch().count() < before) on_wake_(wake);
}

void LiveRoom::deliver(const Deliveries& deliveries) {
  for (const Delivery& delivery : deliveries) delivery.waiter->decided(delivery.decision, delivery.key);
}

LiveRoom::Answer LiveRoom::decide(SteadyTime now, RequestId request, const MakeWaiter& make_waiter, Deliveries& deliveries) {
  Answer answer{.request = request, .decision = std::nullopt, .key = {}};
  pump_locked(now, deliveries, &request, &answer.decision);
  if (answer.decision) {
    answer.key = key_of(*answer.decision);
    return answer;
  }
  if (request.slot >= waiters_.size()) waiters_.resize(request.slot + 1);
  waiters_[request.slot] = make_waiter();
  return answer;
}

LiveRoom::Answer LiveRoom::enter(SteadyTime now, Submission submission, KeyWish keys, const MakeWaiter& make_waiter) {
  now = tempo_.inside(now);
  submission.deadline = tempo_.inside(submission.deadline);
  Deliveries deliveries;
  Answer answer;
  {
    const std::lock_guard lock(mutex_);
    follow_ring(now);
    const Decision overflow{.request = {}, .verdict = Verdict::Overflow, .wait_seconds = kNever, .obstacle = Obstacle::NoKey};
    submission.preferred_key = key_of_pool(keys.preferred);
    submission.tied_to = key_of_pool(keys.tied);
    if (!keys.only.empty()) {
      submission.only_key = key_named(keys.only);
      if (!submission.only_key) return {.request = {}, .decision = overflow, .key = {}};
    }
    const std::optional<Room::Entrance> entered = room_.enter(now, submission);
    if (!entered) {
      answer.decision = overflow;
      answer.decision->obstacle = Obstacle::RoomFull;
      return answer;
    }
    if (entered->decision && may_go(now, *entered->decision)) {
      return {.request = entered->request, .decision = entered->decision, .key = key_of(*entered->decision)};
    }
    answer = decide(now, entered->request, make_waiter, deliveries);
  }
  deliver(deliveries);
  return answer;
}

LiveRoom::Answer LiveRoom::refused(SteadyTime now, RequestId request, const Refusal& refusal, const MakeWaiter& make_waiter) {
  now = tempo_.inside(now);
  Refusal refusal_inside = refusal;
  refusal_inside.readings = part_of(refusal.readings, plan_.header_factor);
  refusal_inside = tempo_.inside(std::move(refusal_inside));
  Deliveries deliveries;
  Answer answer;
  {
    const std::lock_guard lock(mutex_);
    follow_ring(now);  // the key may be the reason
    room_.refused(now, request, refusal_inside);
    answer = decide(now, request, make_waiter, deliveries);
  }
  deliver(deliveries);
  return answer;
}

void LiveRoom::answered(SteadyTime now, RequestId request, const Readings& readings) {
  if (!has_answered()) has_answered_.store(true, std::memory_order_relaxed);
  now = tempo_.inside(now);
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    follow_ring(now);
    room_.answered(now, request, tempo_.inside(part_of(readings, plan_.header_factor)));
    pump_locked(now, deliveries, nullptr, nullptr);
  }
  deliver(deliveries);
}

void LiveRoom::counted_input(SteadyTime now, RequestId request, double tokens) {
  now = tempo_.inside(now);
  const std::lock_guard lock(mutex_);
  room_.counted_input(now, request, tokens);
}

void LiveRoom::produced(SteadyTime now, RequestId request, double output_tokens) {
  now = tempo_.inside(now);
  const std::lock_guard lock(mutex_);
  room_.produced(now, request, output_tokens);
}

void LiveRoom::ended(SteadyTime now, RequestId request, bool whole, double output_tokens, double input_tokens) {
  now = tempo_.inside(now);
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    if (input_tokens >= 0) room_.counted_input(now, request, input_tokens);
    room_.ended(now, request, whole, output_tokens >= 0 ? std::optional(output_tokens) : std::nullopt);
    pump_locked(now, deliveries, nullptr, nullptr);
  }
  deliver(deliveries);
}

void LiveRoom::cancel(SteadyTime now, RequestId request) {
  now = tempo_.inside(now);
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    if (room_.find(request) != nullptr && request.slot < waiters_.size()) waiters_[request.slot] = nullptr;
    room_.cancel(now, request);
    pump_locked(now, deliveries, nullptr, nullptr);
  }
  deliver(deliveries);
}

void LiveRoom::withdraw(SteadyTime now, RequestId request) {
  now = tempo_.inside(now);
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    room_.withdraw(now, request);
    pump_locked(now, deliveries, nullptr, nullptr);
  }
  deliver(deliveries);
}

void LiveRoom::money_spent(SteadyTime now, std::string_view key) {
  now = tempo_.inside(now);
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    follow_ring(now);
    const std::optional<std::size_t> known = key_named(key);
    if (!known) return;
    Bucket& bucket = room_.bucket(room_.bucket_of(*known));
    bucket.advance(now);
    bucket.money_spent();
    pump_locked(now, deliveries, nullptr, nullptr);
  }
  deliver(deliveries);
}

void LiveRoom::set_known(SteadyTime now, const GroupLimits& known) {
  now = tempo_.inside(now);
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    plan_.known = known;
    plan_.known.limits = tempo_.inside(known.limits);
    for (std::size_t b = 0; b < room_.buckets(); ++b) {
      Bucket& bucket = room_.bucket(b);
      bucket.set_concurrency(known.concurrency);
      set_periods(b);
      if (!bucket.is_learned()) bucket.set_limits(now, plan_.known.limits);
    }
    pump_locked(now, deliveries, nullptr, nullptr);
  }
  deliver(deliveries);
}

void LiveRoom::hold_batch(SteadyTime now, bool held) {
  now = tempo_.inside(now);
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    room_.hold_batch(held);
    pump_locked(now, deliveries, nullptr, nullptr);
  }
  deliver(deliveries);
}

void LiveRoom::pump(SteadyTime now) {
  now = tempo_.inside(now);
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    pump_locked(now, deliveries, nullptr, nullptr);
  }
  deliver(deliveries);
}

bool LiveRoom::is_empty() const {
  if (wake_at() != SteadyTime::max()) return false;  // who is to be tried again stands in no queue
  const std::lock_guard lock(mutex_);
  if (room_.waiting() > 0) return false;
  for (std::size_t b = 0; b < room_.buckets(); ++b) {
    if (room_.bucket(b).in_flight() > 0) return false;
  }
  return true;
}

// --- for people ------------------------------------------------------------------------------------------------------

RoomView LiveRoom::view(SteadyTime now) {
  now = tempo_.inside(now);
  const std::lock_guard lock(mutex_);
  follow_ring(now);
  RoomView view;
  view.waiting_interactive = static_cast<std::int64_t>(room_.waiting(Priority::Interactive));
  view.waiting_batch = static_cast<std::int64_t>(room_.waiting(Priority::Batch));
  view.obstacle = room_.obstacle();
  for (std::size_t b = 0; b < room_.buckets(); ++b) {
    if (pool_names_[b].empty()) continue;
    Bucket& bucket = room_.bucket(b);
    bucket.advance(now);
    BucketView& pool = view.pools.emplace_back();
    pool.pool = pool_names_[b];
    for (std::size_t key = 0; key < room_.keys(); ++key) {
      if (room_.bucket_of(key) == b && room_.is_in_rotation(key)) pool.keys.push_back(key_names_[key]);
    }
    for (const Dimension d : kAllDimensions) {
      if (!bucket.has_limit(d)) continue;
      pool.levels.push_back({d, tempo_.rate_outside(bucket.limit(d)), bucket.level(d), bucket.depth(d), tempo_.rate_outside(bucket.foreign(d) * 60)});
    }
    for (const PeriodDimension d : kPeriodDimensions) {
      if (const std::optional<double> limit = bucket.periods().limit(d)) pool.periods.push_back({d, *limit, bucket.periods().level(d)});
    }
    pool.in_flight = bucket.in_flight();
    if (std::isfinite(bucket.concurrency())) pool.concurrency = bucket.concurrency();
    pool.blocked_seconds = tempo_.seconds_outside(bucket.blocked_seconds());
    pool.is_dead = bucket.is_dead();
    pool.is_learned = bucket.is_learned();
  }
  return view;
}

}  // namespace tidegate::quota
