// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast_errors.h"

#include <algorithm>
#include <cmath>

namespace tidegate::monitor {

namespace {

constexpr double kReach = 8;  ///< bins cover ±8 expected errors; what is beyond counts in the outermost
constexpr double kPriorErrors = 100;
constexpr double kPriorDeviation = 1.25;  ///< of a normal error whose mean size is 1
constexpr double kHalfLife = 3 * 1440;    ///< errors, one a minute
constexpr double kLargestWeight = 1e12;   ///< far from where a float's steps would swallow the small bins

double normal_below(double z) { return 0.5 * std::erfc(-z / kPriorDeviation / std::sqrt(2.0)); }

template <std::size_t Bins>
std::array<float, Bins> prior_weights() {
  std::array<float, Bins> weights{};
  for (std::size_t i = 0; i < Bins; ++i) {
    const double low = kReach * (2.0 * static_cast<double>(i) / Bins - 1);
    const double high = low + 2 * kReach / Bins;
    weights[i] = static_cast<float>(kPriorErrors * (normal_below(high) - normal_below(low)) + 1e-3);
  }
  return weights;
}

}  // namespace

ForecastErrors::ForecastErrors() {
  // Worked out once: each new series begins with two dozen of these, and the exponentials would be most of its cost.
  static const std::array<float, kBins> prior = prior_weights<kBins>();
  weights_ = prior;
  for (const float weight : weights_) total_ += static_cast<double>(weight);
}

void ForecastErrors::add(double scaled_error) {
  static const double growth = std::exp2(1 / kHalfLife);
  next_weight_ *= growth;
  const double place = (std::clamp(scaled_error, -kReach, kReach) / kReach + 1) / 2 * kBins;
  float& bin = weights_[std::min(static_cast<std::size_t>(place), kBins - 1)];
  bin += static_cast<float>(next_weight_);
  total_ += next_weight_;
  if (next_weight_ < kLargestWeight) return;
  total_ = 0;
  for (float& weight : weights_) {
    weight = static_cast<float>(static_cast<double>(weight) / next_weight_);
    total_ += static_cast<double>(weight);
  }
  next_weight_ = 1;
}

double ForecastErrors::share_above(double scaled_error) const {
  // Beyond the bins the outermost ones fade with the fourth power: bursts have heavy tails, but a limit a hundred
  // errors away is not near.
  if (scaled_error >= kReach) {
    return static_cast<double>(weights_[kBins - 1]) / total_ * std::pow(kReach / scaled_error, 4);
  }
  if (scaled_error <= -kReach) {
    return 1 - static_cast<double>(weights_[0]) / total_ * std::pow(kReach / scaled_error, 4);
  }
  const double place = (scaled_error / kReach + 1) / 2 * kBins;
  const auto bin = std::min(static_cast<std::size_t>(place), kBins - 1);
  double above = static_cast<double>(weights_[bin]) * (static_cast<double>(bin + 1) - place);
  for (std::size_t i = bin + 1; i < kBins; ++i) above += static_cast<double>(weights_[i]);
  return std::min(above / total_, 1.0);  // the total was added up in another order
}

double ForecastErrors::quantile(double share) const {
  double below = std::clamp(share, 0.0, 1.0) * total_;
  for (std::size_t i = 0; i < kBins; ++i) {
    const auto weight = static_cast<double>(weights_[i]);
    if (weight > 0 && below <= weight) return kReach * (2 * (static_cast<double>(i) + below / weight) / kBins - 1);
    below -= weight;
  }
  return kReach;
}

}  // namespace tidegate::monitor
