// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "monitor/demand_minute.h"
#include "monitor/forecast_day.h"
#include "store/demand_history.h"

#include <chrono>
#include <functional>

namespace tidegate::app {

[[nodiscard]] inline monitor::MinuteNumber minute_of(WallTime time) {
  return std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count();
}
[[nodiscard]] inline WallTime begin_of(monitor::MinuteNumber minute) { return WallTime(std::chrono::minutes(minute)); }

/// Calls `take` for every minute in [since, until) from the first one on in which something was asked for, also for
/// those in which nothing was. Failure: the ledger's.
[[nodiscard]] Result<void> for_each_past_minute(
    store::DemandHistory& history, monitor::MinuteNumber since, monitor::MinuteNumber until,
    const std::function<void(monitor::MinuteNumber, const monitor::DemandMinute&)>& take);

}  // namespace tidegate::app
