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
  /// Adds to the slot of `at` (negative: a correction). What is older than the log is dropped.
  void add(SteadyTime at, Dimension dimension, double amount);
  /// The same for all dimensions.
  void add(SteadyTime at, const PerDimension<double>& amounts);
  /// Everything charged at or after `from`, whole slots: also what was charged up to a tenth of a second before.
  [[nodiscard]] PerDimension<double> since(SteadyTime from) const;
  /// Whether everything that was charged since `from` is still known.
  [[nodiscard]] bool reaches(SteadyTime from) const { return newest_ < 0 || slot_of(from) >= oldest_kept(); }
  /// Adds what `other` knows.
  void merge(const ChargeLog& other);

 private:
  static constexpr std::int64_t kGroup = 16;  ///< slots that are summed up and forgotten together
  static constexpr std::int64_t kGroups = 76;
  static constexpr std::int64_t kSlots = kGroup * kGroups;
  static constexpr std::int64_t kSlotNanoseconds = 100'000'000;

  static std::int64_t slot_of(SteadyTime at) { return at.time_since_epoch().count() / kSlotNanoseconds; }
  static std::int64_t group_of(std::int64_t slot) { return slot / kGroup; }
  [[nodiscard]] std::int64_t oldest_kept() const { return (group_of(newest_) - kGroups + 1) * kGroup; }
  [[nodiscard]] PerDimension<double>& slot(std::int64_t slot) { return slots_[static_cast<std::size_t>(slot % kSlots)]; }
  [[nodiscard]] const PerDimension<double>& slot(std::int64_t slot) const { return slots_[static_cast<std::size_t>(slot % kSlots)]; }
  [[nodiscard]] PerDimension<double>& group(std::int64_t group) { return groups_[static_cast<std::size_t>(group % kGroups)]; }
  [[nodiscard]] const PerDimension<double>& group(std::int64_t group) const { return groups_[static_cast<std::size_t>(group % kGroups)]; }
  [[nodiscard]] bool make_place(std::int64_t place);
  void move_to(std::int64_t newest);

  std::vector<PerDimension<double>> slots_, groups_;  ///< empty until there is something to keep
  std::int64_t newest_ = -1;  ///< slot; -1: nothing yet. The slots after it, up to the end of its group, are zero
};

}  // namespace tidegate::quota
