// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/billed.h"

#include <algorithm>
#include <chrono>

namespace tidegate::monitor {

namespace {

using std::chrono::minutes;

/// Less than a figure with as many digits as a double has can tell.
constexpr double kNoise = 1e-9;

double cost_within(const CostByMinute& ours, WallTime since, WallTime until) {
  double sum = 0;
  const std::int64_t first = std::chrono::floor<minutes>(since).time_since_epoch().count();
  for (auto minute = ours.lower_bound(first); minute != ours.end(); ++minute) {
    const WallTime begin{minutes(minute->first)};
    const WallTime end = begin + minutes(1);
    if (begin >= until) break;
    const Nanoseconds shared = std::min(end, until) - std::max(begin, since);
    sum += minute->second * static_cast<double>(shared.count()) / static_cast<double>(Nanoseconds(minutes(1)).count());
  }
  return sum;
}

}  // namespace

BilledReport compare_billed(const BalanceCourse& course, const CostByMinute& ours, WallTime since) {
  BilledReport report{.provider = course.provider, .currency = course.currency, .spans = {}, .ours = {}};
  const bool is_dollars = course.currency == "USD";
  if (is_dollars) report.ours = 0;
  for (std::size_t i = 1; i < course.readings.size(); ++i) {
    const BalanceReading& before = course.readings[i - 1];
    const BalanceReading& after = course.readings[i];
    if (after.at <= since || after.at <= before.at) continue;
    BilledSpan span{.since = before.at, .until = after.at, .billed = {}, .ours = {}};
    if (is_dollars) span.ours = cost_within(ours, before.at, after.at);
    if (after.left > before.left + kNoise) {
      ++report.top_ups;
    } else {
      span.billed = std::max(0.0, before.left - after.left);
      report.covered += after.at - before.at;
      report.billed += *span.billed;
      if (report.ours) *report.ours += *span.ours;
    }
    report.spans.push_back(span);
  }
  return report;
}

}  // namespace tidegate::monitor
