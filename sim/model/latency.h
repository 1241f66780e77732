// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "sim/model/random.h"

#include <algorithm>
#include <cstdint>

namespace tidegate::sim {

/// How long answers are. `sigma` 0: always `mean`.
struct OutputLength {
  double mean = 250;
  double sigma = 1.0;  ///< of the logarithm: heavy-tailed
};

/// QUOTA.md 2; the sigma of the first token is chosen here.
struct LatencySettings {
  double first_token_median = 0.6;           ///< seconds
  double first_token_sigma = 0.4;            ///< of the logarithm
  double seconds_per_input_token = 50e-6;
  double tokens_per_second = 60;
  OutputLength output;
};

/// Draws waiting times and answer lengths. Seeded: the same calls give the same values.
class LatencyModel {
 public:
  LatencyModel(LatencySettings settings, std::uint64_t seed) : settings_(settings), random_(seed) {}

  [[nodiscard]] Nanoseconds first_token(std::int64_t input_tokens) {
    return seconds(random_.lognormal_of_median(settings_.first_token_median, settings_.first_token_sigma) +
                   settings_.seconds_per_input_token * static_cast<double>(input_tokens));
  }
  [[nodiscard]] Nanoseconds generation(std::int64_t output_tokens) const {
    return seconds(static_cast<double>(output_tokens) / settings_.tokens_per_second);
  }
  /// At least 1, not capped: the caller knows max_tokens.
  [[nodiscard]] std::int64_t output_tokens() {
    const double drawn = settings_.output.sigma <= 0 ? settings_.output.mean
                                                     : random_.lognormal_of_mean(settings_.output.mean, settings_.output.sigma);
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(drawn + 0.5));
  }
  [[nodiscard]] const LatencySettings& settings() const { return settings_; }

 private:
  static Nanoseconds seconds(double value) {
    return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(value));
  }

  LatencySettings settings_;
  Random random_;
};

}  // namespace tidegate::sim
