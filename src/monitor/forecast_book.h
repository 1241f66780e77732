// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/demand_minute.h"
#include "monitor/exhaustion_forecast.h"
#include "monitor/forecast.h"
#include "monitor/forecast_exhaustion.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::monitor {

enum class LimitKind : std::uint8_t {
  Rate,    ///< refills within a minute
  Budget,  ///< of a longer time: renews at once, comes back slowly, or never
};
/// `rate`, `budget`.
[[nodiscard]] std::string_view to_string(LimitKind kind);

/// A limit that the demand of one series is held against. In the measure's unit.
struct DemandLimit {
  DemandName of = {};
  DemandMeasure measure = DemandMeasure::Requests;
  std::string limit;  ///< `requests per minute`, `daily budget` …
  LimitKind kind = LimitKind::Rate;
  double capacity = 0;                                  ///< per minute; of a budget the whole; above 0
  double remaining = 0;                                 ///< in the bucket, of the budget
  std::optional<std::int64_t> minutes_to_renewal = {};  ///< of a budget; absent: never
  double refill = 0;                                    ///< per minute, of a budget that comes back all the time

  friend bool operator==(const DemandLimit&, const DemandLimit&) = default;
};

struct LimitForecast {
  DemandLimit limit;
  Exhaustion exhaustion;
};

struct QuantilePoint {
  int minutes = 0;
  double p10 = 0, p50 = 0, p90 = 0;
};

/// What one series has come to and is expected to come to. In the measure's unit per minute.
struct SeriesForecast {
  DemandName of;
  DemandMeasure measure = DemandMeasure::Requests;
  bool has_enough_history = false;  ///< without it there are no points
  double now = 0;                   ///< mean of the last five minutes
  std::vector<double> recent;       ///< of at most the last 60 minutes, the newest last
  std::vector<QuantilePoint>
      points;  ///< every five minutes up to the horizon: the mean of the ten minutes that end there
  std::vector<LimitForecast> limits;
};

/// Forecasters of everything that demand is known by. It holds a bounded number of names (kMostNames; 0.3 MB each): a
/// new one takes the place of one that asked for nothing in the last two hours, or waits until there is such a place.
/// Pure: time moves by the minutes that are observed, of which none may be left out.
class ForecastBook {
 public:
  static constexpr std::size_t kMostNames = 120;

  explicit ForecastBook(MinuteNumber first, const ForecastOptions& options = {}, std::size_t most_names = kMostNames);

  /// What was asked for in the minute `next()`.
  void observe(const DemandMinute& minute);
  [[nodiscard]] MinuteNumber next() const { return next_; }

  /// Ordered by scope, name and measure. `horizon` in minutes, 5…120. A limit of a series that is not known is left
  /// out.
  [[nodiscard]] std::vector<SeriesForecast> forecast(int horizon, std::span<const DemandLimit> limits) const;
  /// What is known of each limit, without the courses: too little history is a probability of 0 that says so.
  [[nodiscard]] std::vector<ExhaustionForecast> exhaustions(int horizon, std::span<const DemandLimit> limits) const;

 private:
  struct Series {
    Series(MinuteNumber first, const ForecastOptions& options);
    void observe(const Demand& demand);
    [[nodiscard]] bool is_idle() const;

    std::vector<Forecaster> by_measure;
    Demand served;  ///< fading sums: what a request usually uses
  };
  [[nodiscard]] Series* series_of(const DemandName& name);
  [[nodiscard]] bool make_room();

  ForecastOptions options_;
  std::size_t most_names_;
  MinuteNumber next_;
  std::map<DemandName, Series> series_;
};

/// One sentence on one limit, as alert rules get it.
[[nodiscard]] ExhaustionForecast to_exhaustion_forecast(const DemandLimit& limit, const Exhaustion& exhaustion);

}  // namespace tidegate::monitor
