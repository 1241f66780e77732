// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/forecast_day.h"
#include "monitor/forecast_model.h"
#include "monitor/forecast_options.h"
#include "monitor/forecast_path.h"
#include "monitor/forecast_recent.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace tidegate::monitor {

/// Nine in ten outcomes lie above `low`, nine in ten below `high`. In the series' unit per minute.
struct ForecastBand {
  double expected = 0;
  double low = 0;
  double median = 0;
  double high = 0;
};

/// Forecasts one series of demand, 5 to 120 minutes ahead, and learns from each minute that comes. Pure: no clock, no
/// thread; the same minutes give the same forecasts. Some 60 KB and, each minute, some 10 µs.
///
/// All figures scale with the series: it may count requests, tokens or nano-dollars.
class Forecaster {
 public:
  /// `first` is the minute that the first demand will be of.
  explicit Forecaster(MinuteNumber first, const ForecastOptions& options = {});

  /// What was asked for in the minute `next()`: admitted, waiting and sent elsewhere alike. What is negative or not
  /// finite counts as 0.
  void observe(double demand);
  [[nodiscard]] MinuteNumber next() const { return next_; }
  /// What was observed of late.
  [[nodiscard]] const RecentDemand& recent() const { return recent_; }

  /// Minutes that are yet to be observed before anything can be said `horizon` minutes ahead; 0: ask. Too little
  /// history is an ordinary answer: until then the calls below say only that it goes on as it was.
  [[nodiscard]] int minutes_missing(int horizon) const;

  // `horizon` in minutes, 5…120; what is outside is taken as the nearest of them.
  [[nodiscard]] ForecastBand band(ForecastTarget target, int horizon) const;
  /// `share` of the outcomes lie below it.
  [[nodiscard]] double quantile(ForecastTarget target, int horizon, double share) const;
  [[nodiscard]] double probability_above(ForecastTarget target, int horizon, double bound) const;
  /// What the expected level adds up from; with another method than the usual course all that is not level is momentum.
  [[nodiscard]] ForecastParts parts(int horizon) const;
  /// The expected course beyond the horizons: the usual one, to which what is unusual now fades with a half-life of
  /// four hours.
  [[nodiscard]] double expected_level(std::int64_t minutes_ahead) const;

 private:
  /// Two neighbours among the horizons and how far `horizon` lies towards the second.
  struct Place {
    std::size_t before = 0, after = 0;
    double weight = 0;
  };
  [[nodiscard]] static Place place_of(int horizon);
  [[nodiscard]] const ForecastModel& model(ForecastTarget target, std::size_t h) const {
    return targets_[static_cast<std::size_t>(target)][h];
  }
  template <typename Ask>
  [[nodiscard]] double between(int horizon, const Ask& ask) const;
  /// Of the usual course alone; negative if it is not known.
  [[nodiscard]] double usual_then(ForecastTarget target, int horizon) const;
  [[nodiscard]] double expect(ForecastTarget target, std::size_t h) const;
  [[nodiscard]] ForecastPoint point(ForecastTarget target, std::size_t h) const;
  void look_ahead();

  ForecastOptions options_;
  MinuteNumber next_;
  RecentDemand recent_;
  UsualDay usual_;
  std::unique_ptr<HoltWinters> holt_winters_;  ///< only where that is the method
  ForecastLine line_;                          ///< likewise
  ForecastState state_;                        ///< at the end of the newest minute
  std::vector<ForecastState> states_;          ///< of the last kLongestHorizon minutes, a ring by minute
  static constexpr int kUsualStep = 5;
  std::array<double, kLongestHorizon / kUsualStep + 1> usual_ahead_{};  ///< usual demand now, in five minutes …
  std::array<std::vector<ForecastModel>, kForecastTargets.size()> targets_;
};

}  // namespace tidegate::monitor
