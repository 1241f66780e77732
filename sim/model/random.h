// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace tidegate::sim {

/// The same numbers for the same seed on every machine, which the distributions of <random> do not promise.
/// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// In [0, 1).
  [[nodiscard]] double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Standard normal (Box-Muller).
  [[nodiscard]] double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }
  [[nodiscard]] double lognormal_of_median(double median, double sigma) { return median * std::exp(sigma * normal()); }
  [[nodiscard]] double lognormal_of_mean(double mean, double sigma) {
    return lognormal_of_median(mean * std::exp(-sigma * sigma / 2), sigma);
  }

 private:
  std::uint64_t state_;
};

}  // namespace tidegate::sim
