// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "monitor/demand_minute.h"
#include "monitor/exhaustion_forecast.h"
#include "monitor/forecast_book.h"
#include "store/demand_history.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tidegate::app {

/// The forecast of a running instance: what was asked for in past days comes from the ledger, what is asked for now
/// minute by minute. No worker takes its lock.
///
///     schedule.every(second, [&](Now now) { board.look(now.wall, waiting, [&] { return use.take_demand(); }); });
///     lookups.every(second, [&](Now now) { board.restore(history, now.wall); });   // an alarm, if it fails
///     board.exhaustions();                                                          // alert rules
class ForecastBoard {
 public:
  using Limits = std::function<std::vector<monitor::DemandLimit>()>;

  /// `limits` tells what forecasts are held against at that moment; it is called by the threads that look, restore and
  /// ask, under no lock.
  explicit ForecastBoard(Limits limits, const monitor::ForecastSettings& settings = {});

  /// Settings in force from now on. All but another horizon means learning the past again: until `restore` has read it
  /// there is no forecast. Any thread.
  void adopt(const monitor::ForecastSettings& settings);
  /// Ends the minute if it is over. `waiting`: requests that wait now, as unserved demand; `take_demand` gives what
  /// finished since it was last called. Of keys only those are looked at that have limits. One thread.
  void look(WallTime now, const monitor::DemandMinute& waiting,
            const std::function<monitor::DemandMinute()>& take_demand);

  /// Reads what was asked for before the first look, once; until then there is no forecast. Again after the clock was
  /// set by hours, and after other settings. Takes 0.1 s of CPU per name, and as long as the ledger does. One thread.
  /// Failure: the ledger's, and it may be tried again.
  [[nodiscard]] Result<void> restore(store::DemandHistory& history);

  // ---- any thread but the workers'
  /// Of the settings: minutes that alerts and metrics look ahead.
  [[nodiscard]] int horizon() const;
  /// `horizon`: minutes, 5…120. Empty before `restore`.
  [[nodiscard]] std::vector<monitor::SeriesForecast> forecast(int horizon) const;
  /// Of every limit, within `horizon`, as it was when the last minute ended: what alert rules look at. Each minute
  /// anew. Nothing before `restore`: whether something runs out is not known then.
  [[nodiscard]] std::optional<std::vector<monitor::ExhaustionForecast>> exhaustions() const;
  /// The demand that is expected in `horizon` minutes, likewise; without series whose history is too short.
  struct Expected {
    monitor::DemandName of;
    monitor::DemandMeasure measure = monitor::DemandMeasure::Requests;
    monitor::QuantilePoint at_horizon;
  };
  [[nodiscard]] std::vector<Expected> expected() const;

 private:
  struct EndedMinute {
    monitor::MinuteNumber minute;
    monitor::DemandMinute demand;
  };
  void end_minute(monitor::MinuteNumber minute, monitor::DemandMinute demand);
  void begin_anew(monitor::MinuteNumber minute);
  void tell();

  const Limits limits_;

  monitor::DemandMinute waiting_;  ///< when the last minute ended; the looking thread only

  mutable std::mutex mutex_;  ///< guards the fields below
  monitor::ForecastSettings settings_;
  std::optional<monitor::MinuteNumber> minute_;  ///< that runs; absent before the first look
  std::unique_ptr<monitor::ForecastBook> book_;  ///< null: the past is missing
  std::deque<EndedMinute> waiting_for_past_;     ///< minutes that ended while it is
  std::optional<std::vector<monitor::ExhaustionForecast>> exhaustions_;
  std::vector<Expected> expected_;
};

/// A book that has observed what the ledger has of the minutes up to `until`, of keys only these. Failure: the
/// ledger's.
[[nodiscard]] Result<std::unique_ptr<monitor::ForecastBook>> read_forecast_book(
    store::DemandHistory& history, monitor::MinuteNumber until, const monitor::ForecastSettings& settings,
    const std::set<std::string, std::less<>>& keys);

}  // namespace tidegate::app
