// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/alarm_board.h"
#include "base/time.h"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace tidegate::app {

/// Providers whose good answers tell no usage that could be read, so that what they cost is estimated: an alarm `usage_unread` for each, until
/// its answers can be read again. Any thread; while there is no such provider it costs an atomic read.
class UnreadAnswers {
 public:
  explicit UnreadAnswers(AlarmBoard& alarms) : alarms_(alarms) {}

  [[nodiscard]] bool any() const { return any_.load(std::memory_order_acquire); }
  void could_not_read(std::string_view provider, Now now);
  /// Ends the alarm once `kQuiet` has passed without another unread answer: a provider that compresses the long ones alone would else raise
  /// and end it with every request.
  void could_read(std::string_view provider, Now now);

  static constexpr Nanoseconds kQuiet = Seconds(60);

 private:
  AlarmBoard& alarms_;
  std::mutex mutex_;  ///< guards last_
  std::map<std::string, SteadyTime, std::less<>> last_;  ///< unread answer of a provider whose alarm is raised
  std::atomic<bool> any_ = false;  ///< last_ is not empty
};

}  // namespace tidegate::app
