// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What a provider billed, as the decline of what it says is left, beside what we count. Pure.
namespace tidegate::monitor {

struct BalanceReading {
  WallTime at{};
  double left = 0;

  friend bool operator==(const BalanceReading&, const BalanceReading&) = default;
};

/// How the money at a provider went, in one currency.
struct BalanceCourse {
  std::string provider;
  std::string currency;                  ///< ISO 4217
  std::vector<BalanceReading> readings;  ///< oldest first
};

/// What we count, in dollars, by minutes since 1970.
using CostByMinute = std::map<std::int64_t, double>;

/// Between two readings.
struct BilledSpan {
  WallTime since{};
  WallTime until{};
  std::optional<double> billed;  ///< absent: more was left afterwards, so somebody topped it up, and what was billed cannot be told
  std::optional<double> ours;    ///< absent: the balance is not in dollars
};

struct BilledReport {
  std::string provider;
  std::string currency;
  std::vector<BilledSpan> spans;  ///< oldest first
  // Over the spans whose `billed` is known:
  Nanoseconds covered{0};
  double billed = 0;
  std::optional<double> ours;
  int top_ups = 0;  ///< spans in which more was left afterwards
};

/// The spans that end after `since`. Of a minute that belongs to two spans, each gets its part. A balance is an account's: what others
/// spend from it is in `billed`. A top-up smaller than what was spent in the same span looks like less spent.
[[nodiscard]] BilledReport compare_billed(const BalanceCourse& course, const CostByMinute& ours, WallTime since);

}  // namespace tidegate::monitor
