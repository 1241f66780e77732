// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace tidegate::quota {

/// How many requests may be out at once while a provider is overloaded: no bound, until a quarter of the requests lately sent have failed.
/// One failure or a few, however they are timed, change nothing. After TCP (RFC 5681): one reduction per round of requests, slow start up
/// to the number that was good, then one more per round. Pure: time is an argument and never goes back. Why so: docs/decisions/0005.
class OverloadWindow {
 public:
  static constexpr double kUnbounded = std::numeric_limits<double>::infinity();

  /// What a failure leaves running.
  struct Beside {
    double in_flight = 0;        ///< the failed one included
    double least = 1;            ///< never less than this: what keeps the pool's own limits in use, and what is being answered
    double service_seconds = 5;  ///< that an answer takes
  };

  /// A request goes out that has not failed before; its place among all of them, from 1.
  [[nodiscard]] std::uint64_t sent() { return ++sent_; }
  /// The head of a good answer.
  void answered(SteadyTime now);
  /// The request of that place has failed; 0: it had failed before, which tells nothing new. Whether the window is smaller now.
  bool failed(SteadyTime now, std::uint64_t place, const Beside& beside);
  /// So many are out now.
  void reached(SteadyTime now, double in_flight) {
    if (in_flight >= window_) reached_at_ = now;
  }
  void advance(SteadyTime now);
  void merge(const OverloadWindow& other);

  [[nodiscard]] double size() const { return window_; }
  /// Until there is no bound if nothing else fails; 0: there is none.
  [[nodiscard]] double seconds_left(SteadyTime now) const;

 private:
  struct Failure {
    std::uint64_t place = 0;
    SteadyTime at{};
  };
  struct Sample {
    std::uint64_t sent = 0, failures = 0;
  };
  [[nodiscard]] Sample sample_around(SteadyTime now, std::uint64_t place) const;

  double window_ = kUnbounded;
  double good_ = kUnbounded;       ///< out at once before the reduction
  std::uint64_t sent_ = 0;
  std::uint64_t reduced_at_place_ = 0;  ///< requests up to this place belong to the round that was reduced for
  SteadyTime reduced_at_{}, reached_at_{};
  std::vector<Failure> failures_;  ///< the last ones, a ring; empty while nothing fails
  std::size_t next_failure_ = 0;
  std::uint32_t answers_ = 0, answers_before_ = 0;  ///< in the running ten seconds, and in the ten before
  SteadyTime answers_since_{};
};

}  // namespace tidegate::quota
