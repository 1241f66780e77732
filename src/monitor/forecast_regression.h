// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace tidegate::monitor {

/// Recursive least squares with forgetting: the weights of N regressors, learned one example at a time. Regressors and
/// targets are of the order of 1. (Haykin, Adaptive Filter Theory, "The RLS algorithm".)
template <std::size_t N>
class Regression {
 public:
  using Vector = std::array<double, N>;

  /// `forgetting` below 1: an example counts half after ln 2 / (1 - forgetting) more.
  Regression(const Vector& prior, double forgetting) : weights_(prior), forgetting_(forgetting) {
    for (std::size_t i = 0; i < N; ++i) covariance_[i][i] = kPriorVariance;
  }

  [[nodiscard]] double predict(const Vector& x) const {
    double sum = 0;
    for (std::size_t i = 0; i < N; ++i) sum += weights_[i] * x[i];
    return sum;
  }
  [[nodiscard]] const Vector& weights() const { return weights_; }

  /// `error`: by how much the target was above the prediction for `x`.
  void learn(const Vector& x, double error) {
    Vector gain{};
    double scale = forgetting_;
    for (std::size_t i = 0; i < N; ++i) {
      for (std::size_t j = 0; j < N; ++j) gain[i] += covariance_[i][j] * x[j];
      scale += gain[i] * x[i];
    }
    double largest = 0;
    for (std::size_t i = 0; i < N; ++i) {
      weights_[i] += gain[i] / scale * error;
      for (std::size_t j = 0; j <= i; ++j) {
        covariance_[i][j] -= gain[i] * gain[j] / scale;
        covariance_[j][i] = covariance_[i][j];
      }
      largest = std::max(largest, covariance_[i][i]);
    }
    // A direction in which nothing was seen for long would else grow without bound, and the first example in it would
    // be believed whole.
    if (largest > forgetting_ * kMostVariance) return;
    for (Vector& row : covariance_) {
      for (double& value : row) value /= forgetting_;
    }
  }

 private:
  static constexpr double kPriorVariance = 5;
  static constexpr double kMostVariance = 50;

  Vector weights_;
  std::array<Vector, N> covariance_{};
  double forgetting_;
};

}  // namespace tidegate::monitor
