// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidegate::monitor {

/// How what is expected is found. How far it may be off is learned in the same way for all of them.
enum class ForecastMethod : std::uint8_t {
  UsualCourse,  ///< level now + usual change from here + pull back to normal (docs/forecast.md); the default
  LastValue,    ///< it stays as it was in the last 15 minutes
  Linear30,     ///< a straight line through the last 30 minutes
  Linear60,
  Linear120,
  HoltWinters,  ///< additive, with a season of a day
};
inline constexpr std::array kForecastMethods{ForecastMethod::UsualCourse, ForecastMethod::LastValue,
                                             ForecastMethod::Linear30,    ForecastMethod::Linear60,
                                             ForecastMethod::Linear120,   ForecastMethod::HoltWinters};

/// As the command line writes it: `usual_course`, `linear_60` …
[[nodiscard]] std::string_view to_string(ForecastMethod method);
[[nodiscard]] std::optional<ForecastMethod> forecast_method_named(std::string_view name);

struct ForecastOptions {
  ForecastMethod method = ForecastMethod::UsualCourse;
  std::int64_t utc_offset = 0;  ///< minutes that the local clock is ahead of UTC; decides when a weekend begins

  friend bool operator==(const ForecastOptions&, const ForecastOptions&) = default;
};

}  // namespace tidegate::monitor
