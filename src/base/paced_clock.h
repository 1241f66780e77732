// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

namespace tidegate {

/// Another clock, but `pace` times as fast: what takes an hour can be watched in minutes. Its wall time agrees with the other's at
/// `since`, so two processes that are given the same pace and instant tell the same time; its steady time begins to run faster when
/// it is made. For demonstrations: whoever waits by a timer of the machine waits by the machine's time. Any thread, if the other's is.
class PacedClock final : public Clock {
 public:
  /// `pace` above 0. `clock` outlives this.
  PacedClock(const Clock& clock, double pace, WallTime since)
      : clock_(clock), pace_(pace), since_(since), first_(clock.now().steady) {}

  [[nodiscard]] Now now() const override {
    const Now now = clock_.now();
    return {first_ + stretched(now.steady - first_), since_ + stretched(now.wall - since_)};
  }

 private:
  [[nodiscard]] Nanoseconds stretched(Nanoseconds passed) const {
    return Nanoseconds(static_cast<Nanoseconds::rep>(static_cast<double>(passed.count()) * pace_));
  }

  const Clock& clock_;
  double pace_;
  WallTime since_;
  SteadyTime first_;
};

}  // namespace tidegate
