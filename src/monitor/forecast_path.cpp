// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast_path.h"

#include <array>
#include <cmath>
#include <utility>

namespace tidegate::monitor {

namespace {

constexpr std::array<std::pair<ForecastMethod, std::string_view>, kForecastMethods.size()> kNames{{
    {ForecastMethod::Usual, "usual"},
    {ForecastMethod::Last, "last"},
    {ForecastMethod::Linear30, "linear_30"},
    {ForecastMethod::Linear60, "linear_60"},
    {ForecastMethod::Linear120, "linear_120"},
    {ForecastMethod::HoltWinters, "holt_winters"},
}};

constexpr std::size_t kSeason = 1440;
// Chosen for it on other traces than those it is compared on.
constexpr double kLevelGain = 0.1;
constexpr double kTrendGain = 0.002;
constexpr double kTrendDamping = 0.98;
constexpr double kSeasonGain = 0.15;

}  // namespace

std::string_view to_string(ForecastMethod method) {
  for (const auto& [known, name] : kNames) {
    if (known == method) return name;
  }
  return {};
}

std::optional<ForecastMethod> forecast_method_named(std::string_view name) {
  for (const auto& [method, known] : kNames) {
    if (known == name) return method;
  }
  return std::nullopt;
}

ForecastLine line_through(const RecentDemand& recent, int minutes) {
  const auto count = static_cast<int>(std::min<std::int64_t>(minutes, recent.minutes()));
  if (count == 0) return {};
  // Minutes are counted back from now: t = 0, -1, -2 …
  double sum = 0;
  double weighted = 0;
  for (int ago = 0; ago < count; ++ago) {
    sum += recent.at(ago);
    weighted -= recent.at(ago) * ago;
  }
  const double n = count;
  const double middle = -(n - 1) / 2;
  const double spread = n * (n * n - 1) / 12;  // of the times around their middle, squared and summed
  const double slope = count > 1 ? (weighted - middle * sum) / spread : 0;
  return {sum / n - slope * middle, slope};
}

HoltWinters::HoltWinters() : season_(kSeason, 0.0F) {}

void HoltWinters::add(double demand) {
  float& season = season_[static_cast<std::size_t>(minutes_) % kSeason];
  if (minutes_ < static_cast<std::int64_t>(kSeason)) {
    // The first day: its deviations from its mean become the season, until then the level follows alone.
    season = static_cast<float>(demand);
    level_ += (minutes_ == 0 ? 1 : kLevelGain) * (demand - level_);
    ++minutes_;
    if (minutes_ == static_cast<std::int64_t>(kSeason)) {
      double mean = 0;
      for (const float value : season_) mean += static_cast<double>(value) / kSeason;
      for (float& value : season_) value -= static_cast<float>(mean);
      level_ -= static_cast<double>(season_.back());
    }
    return;
  }
  const double before = level_;
  const auto usual = static_cast<double>(season);
  const double damped = kTrendDamping * trend_;
  level_ += damped + kLevelGain * (demand - usual - level_ - damped);
  trend_ = damped + kTrendGain * (level_ - before - damped);
  season += static_cast<float>(kSeasonGain * (demand - level_ - usual));
  ++minutes_;
}

double HoltWinters::operator()(int minute) const {
  if (minutes_ < static_cast<std::int64_t>(kSeason)) return std::max(level_, 0.0);
  // One minute of a season is one day's chance: ten of them around it.
  double season = 0;
  for (int i = -5; i < 5; ++i) {
    const std::int64_t at = minutes_ - 1 + minute + i + static_cast<std::int64_t>(kSeason);
    season += static_cast<double>(season_[static_cast<std::size_t>(at) % kSeason]) / 10;
  }
  const double steps = minute > 0 ? kTrendDamping * (1 - std::pow(kTrendDamping, minute)) / (1 - kTrendDamping) : 0;
  return std::max(level_ + trend_ * steps + season, 0.0);
}

}  // namespace tidegate::monitor
