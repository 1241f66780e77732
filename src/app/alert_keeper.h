// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/alarm_board.h"
#include "app/alert_center.h"
#include "monitor/delivery/courier.h"
#include "store/history_store.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::app {

/// Keeps alerts, changes of limits and Slack's threads over a restart: reads once what an earlier process left, then saves what is
/// new. Neither alerts nor requests ever wait for it; what cannot be written stays in memory, as much as is shown, and there is an
/// alarm. One thread at a time.
class AlertKeeper {
 public:
  /// `courier`: whose threads are kept; null: none are.
  AlertKeeper(AlertCenter& center, store::HistoryStore& store, AlarmBoard& alarms, delivery::Courier* courier = nullptr)
      : center_(center), store_(store), alarms_(alarms), courier_(courier) {}

  /// Blocks as long as the store does. After a failure it is tried again once kPause is over.
  void look(Now now);

  static constexpr Seconds kEvery{1};
  static constexpr Seconds kPause{5};

 private:
  [[nodiscard]] Result<void> read(Now now);
  [[nodiscard]] Result<void> save(Now now);

  AlertCenter& center_;
  store::HistoryStore& store_;
  AlarmBoard& alarms_;
  delivery::Courier* const courier_;
  bool is_read_ = false;
  AlertCenter::Taken saved_;
  std::vector<monitor::AlertStanding> standings_;  ///< as stored
  std::map<std::string, std::string> threads_;     ///< likewise
  std::optional<SteadyTime> failed_at_;
};

}  // namespace tidegate::app
