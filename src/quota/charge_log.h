// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "quota/dimension.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tidegate::quota {

/// What was charged to a bucket in the last two minutes, in slots of a tenth of a second. A provider's headers speak of the moment of
/// admission; what was charged since then may or may not be in their figures.
class ChargeLog {
 public:
  ChargeLog() : slots_(kSlots) {}

  /// Adds to the slot of `at` (negative: a correction). What is older than the log is dropped.
  void add(SteadyTime at, Dimension dimension, double amount);
  /// Everything charged at or after `from`, whole slots: never less than there was.
  [[nodiscard]] double since(SteadyTime from, Dimension dimension) const;

 private:
  static constexpr std::size_t kSlots = 1'200;
  static constexpr std::int64_t kSlotNanoseconds = 100'000'000;
  static std::int64_t slot_of(SteadyTime at) { return at.time_since_epoch().count() / kSlotNanoseconds; }
  static std::size_t place_of(std::int64_t slot) { return static_cast<std::size_t>(slot) % kSlots; }

  std::vector<PerDimension<double>> slots_;
  std::int64_t newest_ = -1;  ///< slot; -1: nothing yet
  std::int64_t oldest_ = 0;
};

}  // namespace tidegate::quota
