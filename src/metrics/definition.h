// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tidegate::metrics {

enum class MetricType : std::uint8_t { Counter, Gauge, Histogram };
[[nodiscard]] std::string_view to_string(MetricType type);

/// The unit a metric is exposed in. Instruments count whole steps of it, so that sums are exact.
enum class Unit : std::uint8_t { One, Requests, Tokens, Bytes, Seconds, Dollars };
[[nodiscard]] std::string_view to_string(Unit unit);

/// Steps in one unit: microseconds for Seconds (64 bits hold 292,000 years of summed durations), nano-dollars for
/// Dollars.
[[nodiscard]] constexpr std::int64_t steps_per_unit(Unit unit) {
  switch (unit) {
    case Unit::Seconds: return 1'000'000;
    case Unit::Dollars: return 1'000'000'000;
    case Unit::One:
    case Unit::Requests:
    case Unit::Tokens:
    case Unit::Bytes: return 1;
  }
  return 1;
}

/// Whether clients can invent values of a label. Open labels are the ones that become "other" when a family is full.
enum class LabelValues : std::uint8_t { Closed, Open };

struct LabelDefinition {
  std::string_view name;
  LabelValues values = LabelValues::Closed;
};

/// What a metric is. Of static lifetime: families and snapshots point to it.
struct MetricDefinition {
  std::string_view name;
  MetricType type;
  Unit unit;
  std::span<const LabelDefinition> labels;
  std::string_view help;                ///< one sentence in plain text, ends without a full stop
  std::span<const double> bounds = {};  ///< histograms: inclusive upper bounds in the unit, ascending, without +Inf
};

}  // namespace tidegate::metrics
