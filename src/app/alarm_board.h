// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/alarm.h"

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::app {

using monitor::Alarm;
using monitor::Severity;

/// The alarms in force. Any thread; a raise that repeats itself changes only the message. Each alarm is told once when it is raised
/// and once when it clears. Holds at most kMostAlarms: subjects are as many as keys and providers. At that a warning gives way to a
/// critical one; whoever raised it raises it again, or nobody misses it.
class AlarmBoard {
 public:
  /// `tell` gets one line per change; called on the raising thread, under no lock.
  explicit AlarmBoard(std::function<void(const std::string&)> tell = {}) : tell_(std::move(tell)) {}

  void raise(Alarm alarm);
  void clear(const std::string& kind, const std::string& subject, WallTime now);
  /// Critical ones first, then by kind and subject.
  [[nodiscard]] std::vector<Alarm> list() const;

  static constexpr std::size_t kMostAlarms = 200;

 private:
  using Key = std::pair<std::string, std::string>;

  std::function<void(const std::string&)> tell_;
  mutable std::mutex mutex_;  ///< guards alarms_
  std::map<Key, Alarm> alarms_;
};

}  // namespace tidegate::app
