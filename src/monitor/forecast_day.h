// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/forecast_options.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tidegate::monitor {

/// Minutes since 1970-01-01T00:00Z.
using MinuteNumber = std::int64_t;

constexpr std::int64_t kMinutesPerDay = 1440;

/// How demand usually goes over a day, minute by minute: working days and weekends (Saturday, Sunday) each have their
/// own, unless the season says that all days are alike, or none. The mean of the days seen, from the tenth on one that
/// forgets: a day then counts a tenth. 12 KB.
class UsualDay {
 public:
  /// `utc_offset`: minutes that the local clock is ahead of UTC; decides when a weekend begins.
  explicit UsualDay(std::int64_t utc_offset = 0, ForecastSeason season = ForecastSeason::Workweek)
      : utc_offset_(utc_offset), season_(season) {}

  /// `demand` around `minute`, smoothed. What differs from the usual by more than `most` counts as differing by that
  /// much: a burst is not a habit. Not negative.
  void learn(MinuteNumber minute, double demand, double most);
  /// Until a first weekend was seen, working days stand for it, and the other way round. Negative: no such minute was
  /// seen yet.
  [[nodiscard]] double at(MinuteNumber minute) const;

 private:
  struct Minutes {
    std::vector<float> demand = std::vector<float>(kMinutesPerDay, -1.0F);
    std::vector<std::uint8_t> days =
        std::vector<std::uint8_t>(kMinutesPerDay, 0);  ///< seen, at most ten are told apart
  };
  [[nodiscard]] std::size_t kind_of(MinuteNumber minute) const;
  [[nodiscard]] static std::size_t minute_of_day(MinuteNumber minute) {
    return static_cast<std::size_t>(minute % kMinutesPerDay);
  }

  std::int64_t utc_offset_;
  ForecastSeason season_;
  std::array<Minutes, 2> kinds_;
};

}  // namespace tidegate::monitor
