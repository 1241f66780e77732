// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast_day.h"

#include <algorithm>

namespace tidegate::monitor {

namespace {
constexpr std::uint8_t kDaysThatCount = 10;
}

std::string_view to_string(ForecastSeason season) {
  switch (season) {
    case ForecastSeason::Workweek: return "workweek";
    case ForecastSeason::Day: return "day";
    case ForecastSeason::None: return "none";
  }
  return {};
}

std::optional<ForecastSeason> forecast_season_named(std::string_view name) {
  for (const ForecastSeason season : {ForecastSeason::Workweek, ForecastSeason::Day, ForecastSeason::None}) {
    if (name == to_string(season)) return season;
  }
  return std::nullopt;
}

std::size_t UsualDay::kind_of(MinuteNumber minute) const {
  if (season_ != ForecastSeason::Workweek) return 0;
  const std::int64_t day = (minute + utc_offset_) / kMinutesPerDay;
  return (day + 3) % 7 >= 5 ? 1 : 0;  // 1970-01-01 was a Thursday
}

void UsualDay::learn(MinuteNumber minute, double demand, double most) {
  if (season_ == ForecastSeason::None) return;
  Minutes& kind = kinds_[kind_of(minute)];
  float& usual = kind.demand[minute_of_day(minute)];
  std::uint8_t& days = kind.days[minute_of_day(minute)];
  if (days == 0) {
    usual = static_cast<float>(demand);
  } else {
    const double difference = std::clamp(demand - static_cast<double>(usual), -most, most);
    usual += static_cast<float>(difference / std::min<double>(days + 1, kDaysThatCount));
  }
  days = std::min<std::uint8_t>(static_cast<std::uint8_t>(days + 1), kDaysThatCount);
}

double UsualDay::at(MinuteNumber minute) const {
  const std::size_t kind = kind_of(minute);
  const std::size_t place = minute_of_day(minute);
  const float own = kinds_[kind].demand[place];
  return static_cast<double>(own >= 0 ? own : kinds_[1 - kind].demand[place]);
}

}  // namespace tidegate::monitor
