// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "monitor/demand_minute.h"
#include "monitor/forecast_backtest.h"
#include "monitor/forecast_book.h"
#include "store/demand_history.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::app {

/// What the forecast of a running instance would say, read from its data directory: past demand, the pools' limits as
/// they were last read, and those that are given. Failure: the ledger's.
[[nodiscard]] Result<std::vector<monitor::SeriesForecast>> forecast_from_ledger(
    const std::filesystem::path& directory, Now now, const monitor::ForecastSettings& settings,
    const std::vector<monitor::DemandLimit>& further = {});

/// How every method would have done on one series of the past.
struct SeriesBacktest {
  monitor::DemandName of;
  monitor::DemandMeasure measure = monitor::DemandMeasure::Requests;
  std::optional<monitor::Backtest> result;  ///< absent: fewer than four hours
};
/// Of each series of these scopes, the busiest `most` per scope, in each of these measures. Failure: the ledger's.
struct BacktestQuestion {
  std::vector<monitor::ForecastScope> scopes;
  std::vector<monitor::DemandMeasure> measures;
  std::size_t most = 5;
};
[[nodiscard]] Result<std::vector<SeriesBacktest>> backtest_ledger(store::DemandHistory& history, WallTime now,
                                                                  std::chrono::days remembered,
                                                                  const BacktestQuestion& question);

/// A table for each series and which method would have served best; then of all series together, each weighed alike.
[[nodiscard]] std::string backtest_text(const std::vector<SeriesBacktest>& series);
/// `[{"scope","name","measure","minutes","mean","best","methods":[{"method","mean_error_5",…,"pinball","coverage"}]}]`.
[[nodiscard]] std::string backtest_json(const std::vector<SeriesBacktest>& series);

}  // namespace tidegate::app
