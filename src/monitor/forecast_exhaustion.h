// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/forecast.h"

#include <cstdint>
#include <optional>
#include <string>

namespace tidegate::monitor {

/// A limit that refills all the time. In the series' unit.
struct RefillingLimit {
  double per_minute = 0;  ///< above 0
  double level = 0;       ///< what is in the bucket now
};

/// What may yet be spent until the period ends.
struct RemainingBudget {
  double left = 0;
  std::optional<std::int64_t> minutes_to_renewal = {};  ///< absent: never, as of a budget for life
  double refill = 0;  ///< that comes back each minute, as of limits per day that never renew at once
  double whole = 0;   ///< it refills no further
};

/// How likely, and when, something runs out.
struct Exhaustion {
  enum class Outlook : std::uint8_t {
    TooLittleHistory,  ///< only `minutes_missing` says something
    Exhausted,         ///< demand is beyond it already
    Foreseen,
  };
  Outlook outlook = Outlook::TooLittleHistory;
  int minutes_missing = 0;
  double probability = 0;  ///< that it runs out within the horizon
  std::optional<std::int64_t> minutes_to_exhaustion =
      {};  ///< when that becomes more likely than not; absent: not in sight
  std::optional<int> first_crossing =
      {};                    ///< if it runs out within the horizon, then about in so many minutes; absent below 0.5 %
  ForecastParts parts = {};  ///< of the demand expected at the first crossing, as shares of the refill; of a budget per
                             ///< minute, in its unit
  std::string reason;        ///< in words, for people
};

/// It runs out where ten minutes ask for more than they bring and the bucket holds: a bucket that is a minute deep, the
/// deepest that is known, bridges no longer one. `horizon` in minutes, 5…120.
[[nodiscard]] Exhaustion forecast_exhaustion(const Forecaster& forecaster, const RefillingLimit& limit, int horizon);
/// It runs out by some minute where the mean up to it uses up what is left and what comes back. `minutes_to_exhaustion`
/// looks as far as the budget's renewal, at most 31 days, along the expected course.
[[nodiscard]] Exhaustion forecast_exhaustion(const Forecaster& forecaster, const RemainingBudget& budget, int horizon);

}  // namespace tidegate::monitor
