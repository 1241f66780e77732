// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "sim/model/random.h"

namespace tidegate::sim {

/// How traffic swells and ebbs, as a share of its mean by day. The same for instants before the beginning: past and
/// present are of one piece.
struct Tide {
  Nanoseconds period = std::chrono::minutes(10);  ///< from high water to high water
  double swing = 0.6;                             ///< at high water it is 1 + swing of the mean, at low water 1 - swing
  double phase = 0;  ///< in periods at the beginning; 0: at the mean and rising, 0.25: high water
  double night = 1;  ///< share of the day's traffic at night; 1: no difference

  /// The share at an instant, counted from the beginning, which is an hour after the working day's. That lasts ten
  /// hours, the night as many, and two hours lead from one to the other.
  [[nodiscard]] double level(Nanoseconds at) const;
  /// No level is above it.
  [[nodiscard]] double highest() const { return 1 + swing; }
};

/// When calls come: a Poisson process that follows a tide.
class Arrivals {
 public:
  /// `rate`: a second, in the mean over a tide by day. The first call comes after `begin`.
  Arrivals(double rate, const Tide& tide, Nanoseconds begin) : rate_(rate), tide_(tide), at_(begin) {}
  [[nodiscard]] Nanoseconds next(Random& random);

 private:
  double rate_;
  Tide tide_;
  Nanoseconds at_;
};

}  // namespace tidegate::sim
