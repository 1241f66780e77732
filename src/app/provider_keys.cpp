// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/provider_keys.h"

#include "upstream/key_file.h"
#include "upstream/redis_keys/redis_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace tidegate::app {

namespace {

using upstream::KeyListOptions;
using upstream::ProviderKey;
using upstream::ProviderOptions;

constexpr Seconds kReadFilesEvery(2);

const KeyListOptions* list_of(const WatchedSource& source) { return std::get_if<KeyListOptions>(&source.where); }

std::string place_of(const WatchedSource& source) {
  const KeyListOptions* list = list_of(source);
  return list != nullptr ? list->url : std::get<std::string>(source.where);
}

/// `claude_keys`, for a list as for a file.
std::string label_of(const WatchedSource& source) {
  if (const KeyListOptions* list = list_of(source)) return list->list;
  const std::filesystem::path path(std::get<std::string>(source.where));
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

Nanoseconds interval_of(const WatchedSource& source) {
  const KeyListOptions* list = list_of(source);
  return list != nullptr ? list->every : kReadFilesEvery;
}

std::vector<WatchedSource> sources_of(const std::vector<ProviderOptions>& providers) {
  std::vector<WatchedSource> sources;
  for (const ProviderOptions& provider : providers) {
    if (provider.key_list) sources.push_back({.provider = provider.id, .where = *provider.key_list});
    if (!provider.keys_file.empty()) sources.push_back({.provider = provider.id, .where = provider.keys_file});
  }
  return sources;
}

bool is_same_place(const WatchedSource& a, const WatchedSource& b) {
  return a.provider == b.provider && a.where.index() == b.where.index() && place_of(a) == place_of(b);
}

std::string names_text(std::string_view what, const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  if (names.empty()) return {};
  const std::vector<std::string> first(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(kMost, names.size())));
  return fmt::format(" {}={} ({}{})", what, names.size(), fmt::join(first, ", "), names.size() > kMost ? ", …" : "");
}

}  // namespace

std::unique_ptr<upstream::KeySource> open_key_source(const WatchedSource& source) {
  if (const KeyListOptions* list = list_of(source)) return std::make_unique<upstream::RedisList>(*list);
  return std::make_unique<upstream::KeyFile>(std::get<std::string>(source.where));
}

ProviderKeys::Watch ProviderKeys::open(WatchedSource source) {
  std::optional<upstream::KeySet> known;
  for (const Watch& other : current()) {
    if (is_same_place(other.source, source)) known = other.watch->keys();
  }
  KeySourceState state(source.provider, place_of(source), label_of(source), interval_of(source), std::move(known));
  auto watch = std::make_shared<KeyWatch>(
      std::move(state), ports_.open(source), ports_.clock,
      [this, source](const KeyWatch& read, const upstream::KeySet::Change& change) { after_reading(source, read, change); });
  return {.source = std::move(source), .watch = std::move(watch)};
}

ProviderKeys::Watches ProviderKeys::prepare(const std::vector<ProviderOptions>& providers) {
  const Watches running = current();
  Watches next;
  Watches fresh;
  for (WatchedSource& source : sources_of(providers)) {
    const auto same = std::find_if(running.begin(), running.end(), [&](const Watch& watch) { return watch.source == source; });
    if (same != running.end()) {
      next.push_back(*same);
    } else {
      fresh.push_back(open(std::move(source)));
      fresh.back().watch->start();
      next.push_back(fresh.back());
    }
  }
  const SteadyTime until = ports_.clock.now().steady + kFirstReading;
  for (const Watch& watch : fresh) (void)watch.watch->wait_for_reading(until - ports_.clock.now().steady);
  return next;
}

ProviderKeys::Watches ProviderKeys::commit(Watches next) {
  const std::lock_guard lock(mutex_);
  watches_.swap(next);
  return next;
}

void ProviderKeys::retire(Watches watches) {
  const Watches running = current();
  std::erase_if(watches, [&](const Watch& watch) {
    return std::any_of(running.begin(), running.end(), [&](const Watch& other) { return other.watch == watch.watch; });
  });
  for (const Watch& watch : watches) watch.watch->begin_stop();
  for (const Watch& watch : watches) {
    watch.watch->stop();
    const std::string& subject = watch.watch->subject();
    const bool is_watched = std::any_of(running.begin(), running.end(),
                                        [&](const Watch& other) { return other.watch->subject() == subject; });
    if (is_watched) continue;
    for (const char* kind : KeySourceState::kAlarmKinds) ports_.alarms.clear(kind, subject, ports_.clock.now().wall);
  }
}

void ProviderKeys::after_reading(const WatchedSource& source, const KeyWatch& watch, const upstream::KeySet::Change& change) {
  const WallTime now = ports_.clock.now().wall;
  const std::vector<Alarm> alarms = watch.alarms();
  for (const char* kind : KeySourceState::kAlarmKinds) {
    const auto found = std::find_if(alarms.begin(), alarms.end(), [&](const Alarm& alarm) { return alarm.kind == kind; });
    if (found == alarms.end()) {
      ports_.alarms.clear(kind, watch.subject(), now);
    } else {
      ports_.alarms.raise(*found);
    }
  }
  if (change.empty()) return;
  // What the provider thought of a key that is gone is nobody's concern any more.
  for (const std::string& name : change.drained) {
    ports_.alarms.clear("key_lost", fmt::format("{}/{}", source.provider.text(), name), now);
  }
  ports_.say(fmt::format("time={} keys provider={} source={}{}{}\n", to_rfc3339(now), source.provider.text(),
                         label_of(source), names_text("added", change.added), names_text("drained", change.drained)));
  ports_.on_change(source.provider);
}

std::vector<ProviderKey> ProviderKeys::with_sources(const ProviderOptions& provider, const Watches& watches) {
  std::vector<ProviderKey> keys = provider.keys;
  for (const Watch& watch : watches) {
    if (watch.source.provider == provider.id) watch.watch->append_keys(keys);
  }
  return keys;
}

ProviderKeys::Watches ProviderKeys::current() const {
  const std::lock_guard lock(mutex_);
  return watches_;
}

std::size_t ProviderKeys::missing(const ProviderId& provider) const {
  std::size_t count = 0;
  for (const Watch& watch : current()) {
    if (watch.source.provider == provider) count += watch.watch->missing();
  }
  return count;
}

void ProviderKeys::begin_stop() {
  for (const Watch& watch : current()) watch.watch->begin_stop();
}

void ProviderKeys::stop() {
  begin_stop();
  for (const Watch& watch : commit({})) watch.watch->stop();
}

}  // namespace tidegate::app
