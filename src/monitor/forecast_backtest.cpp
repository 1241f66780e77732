// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast_backtest.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace tidegate::monitor {

namespace {

constexpr std::size_t kFewest = 4 * 60;
constexpr std::size_t kLongestLesson = 3 * kMinutesPerDay;
constexpr double kWorthChanging = 0.999;  // a thousandth is rounding, and the default comes first
constexpr auto kAhead = static_cast<std::size_t>(kBacktestHorizons.back());

double pinball(double outcome, double quantile, double share) {
  const double above = outcome - quantile;
  return above > 0 ? share * above : (share - 1) * above;
}

/// The mean of the ten minutes that end at each minute.
std::vector<double> levels_of(std::span<const double> demand) {
  std::vector<double> levels;
  RecentDemand recent;
  for (const double value : demand) {
    recent.add(value);
    levels.push_back(recent.mean(10));
  }
  return levels;
}

BacktestScore judge(ForecastMethod method, std::span<const double> demand, std::span<const double> levels,
                    std::size_t from, MinuteNumber first, std::int64_t utc_offset) {
  BacktestScore score{.method = method};
  Forecaster forecaster(first, {.method = method, .utc_offset = utc_offset});
  const std::size_t end = demand.size() - kAhead;
  for (std::size_t t = 0; t < end; ++t) {
    forecaster.observe(demand[t]);
    if (t < from) continue;
    ForecastBand band;
    for (std::size_t h = 0; h < kBacktestHorizons.size(); ++h) {
      band = forecaster.band(ForecastTarget::Level, kBacktestHorizons[h]);
      score.mean_error[h] += std::abs(levels[t + static_cast<std::size_t>(kBacktestHorizons[h])] - band.expected);
    }
    const double outcome = levels[t + kAhead];
    score.pinball +=
        (pinball(outcome, band.low, 0.1) + pinball(outcome, band.median, 0.5) + pinball(outcome, band.high, 0.9)) / 3;
    score.coverage += outcome >= band.low && outcome <= band.high;
  }
  const auto count = static_cast<double>(end - from);
  for (double& error : score.mean_error) error /= count;
  score.pinball /= count;
  score.coverage /= count;
  return score;
}

}  // namespace

const BacktestScore& Backtest::best() const {
  const BacktestScore* best = &scores.front();
  for (const BacktestScore& score : scores) {
    if (score.pinball < kWorthChanging * best->pinball) best = &score;
  }
  return *best;
}

std::optional<Backtest> backtest(std::span<const double> demand, MinuteNumber first, std::int64_t utc_offset) {
  if (demand.size() < kFewest) return std::nullopt;
  // Before 90 minutes no method has learned how wrong it is.
  const std::size_t from = std::clamp<std::size_t>(demand.size() / 4, 90, kLongestLesson);
  const std::vector<double> levels = levels_of(demand);
  Backtest result;
  result.judged = static_cast<std::int64_t>(demand.size() - kAhead - from);
  for (std::size_t t = from + kAhead; t < demand.size(); ++t)
    result.mean += demand[t] / static_cast<double>(result.judged);
  for (const ForecastMethod method : kForecastMethods)
    result.scores.push_back(judge(method, demand, levels, from, first, utc_offset));
  return result;
}

}  // namespace tidegate::monitor
