// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidegate::monitor {

/// How what is expected is found. How far it may be off is learned in the same way for all of them.
enum class ForecastMethod : std::uint8_t {
  Usual,     ///< level now + usual change from here + pull back to normal (docs/forecast.md); the default
  Last,      ///< it stays as it was in the last 15 minutes
  Linear30,  ///< a straight line through the last 30 minutes
  Linear60,
  Linear120,
  HoltWinters,  ///< additive, with a season of a day
};
inline constexpr std::array kForecastMethods{ForecastMethod::Usual,     ForecastMethod::Last,
                                             ForecastMethod::Linear30,  ForecastMethod::Linear60,
                                             ForecastMethod::Linear120, ForecastMethod::HoltWinters};

/// As the configuration and the command line write it: `usual`, `last`, `linear_60` …
[[nodiscard]] std::string_view to_string(ForecastMethod method);
[[nodiscard]] std::optional<ForecastMethod> forecast_method_named(std::string_view name);

/// Which days are expected to be alike.
enum class ForecastSeason : std::uint8_t {
  Workweek,  ///< working days among themselves, and Saturdays and Sundays
  Day,       ///< all
  None,      ///< there is no usual day
};

/// `workweek`, `day`, `none`.
[[nodiscard]] std::string_view to_string(ForecastSeason season);
[[nodiscard]] std::optional<ForecastSeason> forecast_season_named(std::string_view name);

/// How one series is forecast.
struct ForecastOptions {
  ForecastMethod method = ForecastMethod::Usual;
  ForecastSeason season = ForecastSeason::Workweek;  ///< of the usual course
  std::int64_t utc_offset = 0;  ///< minutes that the local clock is ahead of UTC; decides when a weekend begins

  friend bool operator==(const ForecastOptions&, const ForecastOptions&) = default;
};

/// What is forecast, and from what.
struct ForecastSettings {
  ForecastOptions series;
  Nanoseconds horizon =
      std::chrono::minutes(30);  ///< whole minutes, 5…120: alerts, metrics and answers look so far unless asked
  Nanoseconds history = std::chrono::days(7);  ///< read back from the ledger
  std::size_t most_series = 120;               ///< names that have series; 0.3 MB each

  friend bool operator==(const ForecastSettings&, const ForecastSettings&) = default;
};

}  // namespace tidegate::monitor
