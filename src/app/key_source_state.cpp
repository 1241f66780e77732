// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/key_source_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tidegate::app {

namespace {

using monitor::Alarm;
using monitor::Severity;
using upstream::KeyReading;
using upstream::KeySet;

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

KeySourceState::KeySourceState(ProviderId provider, std::string place, std::string label, Nanoseconds every,
                               std::optional<KeySet> known)
    : place_(std::move(place)),
      subject_(fmt::format("{} {}", provider.text(), place_)),
      every_(every),
      keys_(known ? std::move(*known) : KeySet(std::move(label))) {}

KeySet::Change KeySourceState::take(const Result<KeyReading>& reading, WallTime now) {
  if (!reading) {
    if (failures_++ == 0) failing_since_ = now;
    last_failure_ = reading.error().detail;
    return {};
  }
  failures_ = 0;
  const bool is_empty = reading->keys.empty();
  if (is_empty && !is_empty_) empty_since_ = now;
  if (reading->unusable > 0 && unusable_ == 0) unusable_since_ = now;
  if (!reading->rotation_trouble.empty() && rotation_trouble_.empty()) unrotated_since_ = now;
  is_empty_ = is_empty;
  unusable_ = reading->unusable;
  rotation_trouble_ = reading->rotation_trouble;
  return keys_.take(reading->keys);
}

Alarm KeySourceState::alarm(const char* kind, std::string message, WallTime since) const {
  return {.kind = kind, .subject = subject_, .severity = Severity::Warning, .message = std::move(message), .since = since};
}

std::vector<Alarm> KeySourceState::alarms() const {
  std::vector<Alarm> alarms;
  const std::size_t known = keys_.keys().size();
  // Without a key the source is as good as missing; with some, only changes are.
  const auto severity = known == 0 ? Severity::Critical : Severity::Warning;
  if (failures_ > 0) {
    const std::string what = known == 0 ? std::string("no key of it is known")
                                        : fmt::format("the {} last known {} in use, and no change is seen",
                                                      counted(known, "key", "keys"), known == 1 ? "stays" : "stay");
    alarms.push_back(alarm("key_source", fmt::format("{}; {} until it can be read", last_failure_, what), failing_since_));
    alarms.back().severity = severity;
  }
  if (is_empty_) {
    const std::string what =
        known == 0 ? std::string("no key of it is known: put one there")
                   : fmt::format("the {} last known {} in use until another is there; to use none of it, take it out of "
                                 "the configuration",
                                 counted(known, "key", "keys"), known == 1 ? "stays" : "stay");
    alarms.push_back(alarm("keys_empty", fmt::format("{} holds no key; {}", place_, what), empty_since_));
    alarms.back().severity = severity;
  }
  if (unusable_ > 0) {
    alarms.push_back(alarm("key_entries",
                           fmt::format("{}: {} left out, with nothing, blanks or characters inside that no key has",
                                       place_, counted(unusable_, "entry is", "entries are")),
                           unusable_since_));
  }
  if (!rotation_trouble_.empty()) {
    alarms.push_back(alarm("key_rotation", fmt::format("{}; its keys are read, but the list is not turned", rotation_trouble_),
                           unrotated_since_));
  }
  return alarms;
}

Nanoseconds KeySourceState::pause() const {
  Nanoseconds pause = every_;
  for (int failure = 1; failure < failures_ && pause < kLongestPause; ++failure) pause *= 2;
  return std::max(every_, std::min<Nanoseconds>(pause, kLongestPause));
}

}  // namespace tidegate::app
