// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>

namespace tidegate::quota {

/// A tenant's limit per minute, as a bucket that fills continuously and holds one minute's worth, as the providers' do.
/// Pure: time is an argument and never goes back. Not thread-safe.
class RateMeter {
 public:
  /// Full at first; a changed limit keeps the share that is left. Absent: no limit.
  void set_limit(std::optional<std::int64_t> per_minute, SteadyTime now);
  [[nodiscard]] std::optional<std::int64_t> limit() const { return limit_; }

  /// How long until `amount` is there; 0 if it is. Of what is larger than the whole bucket a full one is asked:
  /// it passes, and those after it wait longer. `Nanoseconds::max()` under a limit of 0.
  [[nodiscard]] Nanoseconds wait(double amount, SteadyTime now) const;
  /// May go below zero, because what an answer really took is known afterwards; negative amounts give back.
  void take(double amount, SteadyTime now);

  /// What is there, at most the limit. Whole figures for headers; never below 0.
  [[nodiscard]] std::int64_t remaining(SteadyTime now) const;
  /// Until the bucket is full.
  [[nodiscard]] Nanoseconds full_after(SteadyTime now) const;

 private:
  [[nodiscard]] double level(SteadyTime now) const;
  [[nodiscard]] Nanoseconds time_for(double missing) const;

  std::optional<std::int64_t> limit_;
  double level_ = 0;
  SteadyTime at_{};
};

}  // namespace tidegate::quota
