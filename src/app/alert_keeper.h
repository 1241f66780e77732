// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/alarm_board.h"
#include "app/alert_center.h"
#include "store/history_store.h"

#include <optional>
#include <vector>

namespace tidegate::app {

/// Keeps alerts and changes of limits over a restart: reads once what an earlier process left, then saves what is new. Neither alerts
/// nor requests ever wait for it; what cannot be written stays in memory, as much as is shown, and there is an alarm. One thread at a
/// time.
class AlertKeeper {
 public:
  AlertKeeper(AlertCenter& center, store::HistoryStore& store, AlarmBoard& alarms) : center_(center), store_(store), alarms_(alarms) {}

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
  bool is_read_ = false;
  AlertCenter::Taken saved_;
  std::vector<monitor::AlertStanding> standings_;  ///< as stored
  std::optional<SteadyTime> failed_at_;
};

}  // namespace tidegate::app
