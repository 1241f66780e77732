// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/header_field.h"
#include "llm/rate_limits.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace tidegate::llm {

/// Collects the figures of each dimension while the fields are walked once, then gives them in order.
class LimitCollector {
 public:
  /// The reading of a dimension, to be filled in.
  LimitReading& of(LimitDimension dimension);
  /// Those that were touched and know something, in order of dimension.
  [[nodiscard]] std::vector<LimitReading> take() const;

 private:
  static constexpr std::size_t kDimensions = 8;
  std::array<LimitReading, kDimensions> readings_{};
  std::array<bool, kDimensions> touched_{};
};

/// How long after `date` an instant comes; zero if it is past. Nothing beyond 400 days, which is no waiting time but a
/// mistake: a provider that says 1704 is further away than nanoseconds can count.
[[nodiscard]] std::optional<Nanoseconds> time_until(WallTime instant, WallTime date);

/// A whole number that is not negative (Azure says -1 for unknown).
[[nodiscard]] std::optional<std::int64_t> read_figure(std::string_view value);

/// The retry-after fields of one answer, read together because one wins over the other and a date needs `Date`.
class RetryAfterFields {
 public:
  /// True if the field is one of `retry-after`, `retry-after-ms`, in any case.
  bool take(std::string_view name, std::string_view value);
  /// `retry-after-ms`, else `retry-after` in seconds (also fractions) or as an HTTP date less `date`. Nothing without
  /// either, for what cannot be read, and for a date when there is no `date`. Never negative.
  [[nodiscard]] std::optional<Nanoseconds> duration(std::optional<WallTime> date) const;

 private:
  std::string_view milliseconds_;
  std::string_view seconds_or_date_;
};

}  // namespace tidegate::llm
