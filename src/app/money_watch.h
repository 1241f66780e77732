// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/alarm_board.h"
#include "quota/book/room_book.h"

#include <set>
#include <string>

namespace tidegate::app {

/// Alarm `money_spent` for each pool whose organisation has no money left, until an answer of the pool shows otherwise or none of its keys
/// is used any more. One thread.
class MoneyWatch {
 public:
  void look(quota::RoomBook& rooms, AlarmBoard& alarms, Now now);

 private:
  static constexpr std::size_t kMostAlarms = 50;  ///< keys may be a thousand, and the board must have room for what else is wrong

  std::set<std::string> told_;  ///< subjects
};

}  // namespace tidegate::app
