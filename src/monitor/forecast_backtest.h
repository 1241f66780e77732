// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/forecast.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tidegate::monitor {

/// Minutes ahead that a back-test judges.
inline constexpr std::array<int, 3> kBacktestHorizons{5, 15, 30};

/// How one method would have done. Errors and losses are those of the level: the mean of the ten minutes that end at
/// the horizon.
struct BacktestScore {
  ForecastMethod method = ForecastMethod::Usual;
  std::array<double, kBacktestHorizons.size()> mean_error{};  ///< in the series' unit per minute
  double pinball = 0;   ///< of the quantiles .1, .5 and .9 at 30 minutes, their mean; likewise
  double coverage = 0;  ///< share of outcomes within the 80 % interval at 30 minutes
};

struct Backtest {
  std::int64_t judged = 0;            ///< minutes
  double mean = 0;                    ///< of them, to hold errors against
  std::vector<BacktestScore> scores;  ///< one per method, in the order of kForecastMethods
  /// With the smallest pinball loss: which would have told best what comes and how sure it is. Of equals the
  /// first.
  [[nodiscard]] const BacktestScore& best() const;
};

/// Forecasts each minute of `demand` (the first one is minute `first`) from those before it, by every method. The first
/// quarter, at most three days, only teaches. Absent: fewer than four hours. Some 0.1 s per method and week.
[[nodiscard]] std::optional<Backtest> backtest(std::span<const double> demand, MinuteNumber first,
                                               std::int64_t utc_offset = 0);

}  // namespace tidegate::monitor
