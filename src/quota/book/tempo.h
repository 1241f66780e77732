// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "quota/bucket.h"
#include "quota/presets.h"

namespace tidegate::quota {

/// For tests against a provider that runs faster than time: a room that lives in the provider's time. Everything that the engine
/// counts in seconds (margins, pauses, smoothing, bursts) follows, because the room's clock does, and what comes from outside is
/// translated on its way in, what goes out on its way back. A scale of 1 changes nothing.
class Tempo {
 public:
  /// `scale` > 0: seconds of the room in a second outside. `start`: where both clocks show the same.
  Tempo(double scale, SteadyTime start) : scale_(scale), start_(start) {}

  [[nodiscard]] SteadyTime inside(SteadyTime time) const { return is_real(time) ? time : start_ + stretched(time - start_, scale_); }
  [[nodiscard]] SteadyTime outside(SteadyTime time) const { return is_real(time) ? time : start_ + stretched(time - start_, 1 / scale_); }
  [[nodiscard]] double seconds_outside(double seconds) const { return seconds / scale_; }
  /// Limits are per minute.
  [[nodiscard]] double rate_outside(double per_minute) const { return per_minute * scale_; }

  [[nodiscard]] Limits inside(Limits limits) const;
  /// Without the time until a bucket is full: headers tell it in whole seconds, too coarse for a faster clock.
  [[nodiscard]] Readings inside(Readings readings) const;
  [[nodiscard]] Refusal inside(Refusal refusal) const;

 private:
  [[nodiscard]] bool is_real(SteadyTime time) const { return scale_ == 1 || time == SteadyTime::max(); }
  [[nodiscard]] static Nanoseconds stretched(Nanoseconds duration, double by) {
    return Nanoseconds(static_cast<std::int64_t>(static_cast<double>(duration.count()) * by));
  }

  double scale_;
  SteadyTime start_;
};

}  // namespace tidegate::quota
