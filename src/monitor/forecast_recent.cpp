// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast_recent.h"

#include <algorithm>
#include <cmath>

namespace tidegate::monitor {

namespace {

constexpr int kTenMinutes = 10;
constexpr double kVolatilityHalfLife = 15;  // minutes
constexpr double kSizeHalfLife = 3 * 1440;
constexpr double kLeastSize = 1e-12;  // keeps quotients finite for a series of zeros

double of_half_life(double minutes) { return 1 - std::exp2(-1 / minutes); }

}  // namespace

void RecentDemand::add(double demand) {
  static const double volatility_gain = of_half_life(kVolatilityHalfLife);
  static const double size_loss = of_half_life(kSizeHalfLife);
  ++added_;
  demand_[index(0)] = demand;
  ten_minutes_[index(0)] = mean(kTenMinutes);
  if (added_ >= 10) volatility_ += volatility_gain * (std::abs(mean(5) - mean(5, 5)) - volatility_);
  size_ = std::max({size_ * (1 - size_loss), mean(15), kLeastSize});
}

double RecentDemand::mean(int minutes, int ago) const {
  const auto count = static_cast<int>(std::min<std::int64_t>(minutes, added_ - ago));
  if (count <= 0) return 0;
  double sum = 0;
  for (int i = ago; i < ago + count; ++i) sum += demand_[index(i)];
  return sum / count;
}

ForecastState RecentDemand::state() const {
  ForecastState state;
  state.level = mean(15);
  state.fast = mean(5);
  state.before = added_ > 15 ? mean(15, 15) : state.level;
  state.volatility = volatility_;
  state.size = size_;
  return state;
}

double RecentDemand::outcome(ForecastTarget target, int horizon) const {
  switch (target) {
    case ForecastTarget::Level: return ten_minutes_[index(0)];
    case ForecastTarget::Mean: return mean(horizon);
    case ForecastTarget::Peak: break;
  }
  double peak = 0;
  for (int ago = 0; ago < horizon; ++ago) peak = std::max(peak, ten_minutes_[index(ago)]);
  return peak;
}

RecentDemand::Outcomes RecentDemand::outcomes(ForecastTarget target) const {
  Outcomes outcomes{};
  double peak = 0;
  double sum = 0;
  int ago = 0;
  for (std::size_t h = 0; h < kForecastHorizons.size(); ++h) {
    for (; ago < kForecastHorizons[h]; ++ago) {
      peak = std::max(peak, ten_minutes_[index(ago)]);
      sum += demand_[index(ago)];
    }
    switch (target) {
      case ForecastTarget::Level: outcomes[h] = ten_minutes_[index(0)]; break;
      case ForecastTarget::Peak: outcomes[h] = peak; break;
      case ForecastTarget::Mean: outcomes[h] = sum / kForecastHorizons[h]; break;
    }
  }
  return outcomes;
}

}  // namespace tidegate::monitor
