// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <algorithm>

namespace tidegate::sim {

/// A bucket that is "continuously replenished up to your maximum limit" (facts/anthropic-api.md 1.1). The level may go
/// below zero: output is charged as it is produced, after the admission. Pure: every call is given its time.
class TokenBucket {
 public:
  /// Full at `now`. `per_minute` > 0. `depth`: how much time of refill the bucket holds; 60 s unless bursts are
  /// enforced over a shorter window. It always holds at least one unit, or a small limit could never admit anything.
  TokenBucket(SteadyTime now, double per_minute, Nanoseconds depth)
      : per_minute_(per_minute), capacity_(depth_of(per_minute, depth)), level_(capacity_), at_(now) {}

  /// A time before the last one is taken as the last one.
  void advance(SteadyTime now) {
    if (now <= at_) return;
    const double passed = std::chrono::duration<double>(now - at_).count();
    level_ = std::min(capacity_, level_ + passed * rate());
    at_ = now;
  }

  void take(double amount) { level_ -= amount; }
  void give_back(double amount) { level_ = std::min(capacity_, level_ + amount); }

  /// Keeps the share of the bucket that is filled, as a widened or cut limit does.
  void set_limit(SteadyTime now, double per_minute, Nanoseconds depth) {
    advance(now);
    const double share = level_ / capacity_;
    per_minute_ = per_minute;
    capacity_ = depth_of(per_minute, depth);
    level_ = share * capacity_;
  }

  [[nodiscard]] double level() const { return level_; }
  [[nodiscard]] double capacity() const { return capacity_; }
  [[nodiscard]] double per_minute() const { return per_minute_; }
  /// Units per second.
  [[nodiscard]] double rate() const { return per_minute_ / 60.0; }

  /// How long until the level reaches `wanted` (at most the capacity) if nothing is taken; a year if it takes longer.
  [[nodiscard]] Nanoseconds until(double wanted) const {
    const double missing = std::min(wanted, capacity_) - level_;
    if (missing <= 0) return Nanoseconds(0);
    constexpr std::chrono::duration<double> longest = std::chrono::hours(365 * 24);  // centuries overflow a clock
    return std::chrono::duration_cast<Nanoseconds>(std::min(longest, std::chrono::duration<double>(missing / rate())));
  }
  [[nodiscard]] Nanoseconds until_full() const { return until(capacity_); }

 private:
  static double depth_of(double per_minute, Nanoseconds depth) {
    return std::max(1.0, per_minute * std::chrono::duration<double>(depth).count() / 60.0);
  }

  double per_minute_;
  double capacity_;
  double level_;
  SteadyTime at_;
};

}  // namespace tidegate::sim
