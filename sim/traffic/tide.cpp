// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/traffic/tide.h"

#include <chrono>
#include <cmath>
#include <numbers>

namespace tidegate::sim {

namespace {

/// Of the daytime's traffic, `hour` hours after the working day began.
double share_at(double hour, double night) {
  constexpr double kDay = 10, kBetween = 2, kNight = 10;
  const auto slope = [&](double part) { return night + (1 - night) * (1 + std::cos(std::numbers::pi * part)) / 2; };
  if (hour < kDay) return 1;
  if (hour < kDay + kBetween) return slope((hour - kDay) / kBetween);
  if (hour < kDay + kBetween + kNight) return night;
  return slope(1 - (hour - kDay - kBetween - kNight) / kBetween);
}

}  // namespace

double Tide::level(Nanoseconds at) const {
  const double turns = std::chrono::duration<double>(at) / std::chrono::duration<double>(period) + phase;
  const double tide = 1 + swing * std::sin(2 * std::numbers::pi * turns);
  if (night == 1) return tide;
  const double hours = std::chrono::duration<double, std::ratio<3600>>(at).count() + 1;
  return tide * share_at(hours - 24 * std::floor(hours / 24), night);
}

/// By thinning (Lewis, Shedler 1979).
Nanoseconds Arrivals::next(Random& random) {
  const double highest = rate_ * tide_.highest();
  while (true) {
    const double wait = -std::log(1 - random.uniform()) / highest;
    at_ += std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(wait));
    if (random.uniform() * highest < rate_ * tide_.level(at_)) return at_;
  }
}

}  // namespace tidegate::sim
