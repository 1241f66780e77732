// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstddef>

namespace tidegate::monitor {

/// How wrong forecasts of one kind were: the distribution of their errors, each divided by how large it was expected to
/// be. A histogram that forgets with a half-life of three days, so that quantiles cannot cross and every probability
/// follows from the same counts. It begins as a normal distribution that weighs as much as a hundred errors.
class ForecastErrors {
 public:
  ForecastErrors();

  void add(double scaled_error);
  /// The share of errors above `scaled_error`, 0…1.
  [[nodiscard]] double share_above(double scaled_error) const;
  /// Rises with `share` (0…1); within ±8.
  [[nodiscard]] double quantile(double share) const;

 private:
  static constexpr std::size_t kBins = 64;

  std::array<float, kBins> weights_{};
  double total_ = 0;
  double next_weight_ = 1;  ///< instead of fading all bins each time, the new errors weigh more and more
};

}  // namespace tidegate::monitor
