// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/alarm_board.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace tidegate::app {

namespace {

std::string line_of(std::string_view what, const Alarm& alarm, WallTime at) {
  return fmt::format("time={} alarm={} {}{}{}: {}\n", to_rfc3339(at), what, alarm.kind, alarm.subject.empty() ? "" : " ", alarm.subject,
                     alarm.message);
}

}  // namespace

void AlarmBoard::raise(Alarm alarm) {
  std::string line;
  {
    const std::lock_guard lock(mutex_);
    const Key key(alarm.kind, alarm.subject);
    const auto found = alarms_.find(key);
    if (found != alarms_.end()) {
      found->second.message = std::move(alarm.message);
      found->second.severity = alarm.severity;
      return;
    }
    if (alarms_.size() >= kMostAlarms) {
      if (alarm.severity != Severity::Critical) return;
      const auto warning = std::find_if(alarms_.begin(), alarms_.end(), [](const auto& held) { return held.second.severity != Severity::Critical; });
      if (warning == alarms_.end()) return;
      line = line_of("displaced", warning->second, alarm.since);
      alarms_.erase(warning);
    }
    line += line_of("raised", alarm, alarm.since);
    alarms_.emplace(key, std::move(alarm));
  }
  if (tell_) tell_(line);
}

void AlarmBoard::clear(const std::string& kind, const std::string& subject, WallTime now) {
  std::string line;
  {
    const std::lock_guard lock(mutex_);
    const auto found = alarms_.find(Key(kind, subject));
    if (found == alarms_.end()) return;
    line = line_of("cleared", found->second, now);
    alarms_.erase(found);
  }
  if (tell_) tell_(line);
}

std::vector<Alarm> AlarmBoard::list() const {
  std::vector<Alarm> alarms;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, alarm] : alarms_) alarms.push_back(alarm);
  }
  std::stable_sort(alarms.begin(), alarms.end(), [](const Alarm& a, const Alarm& b) { return a.severity > b.severity; });
  return alarms;
}

}  // namespace tidegate::app
