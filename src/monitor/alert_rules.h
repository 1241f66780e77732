// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "monitor/alert_options.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::monitor {

/// Where a rule's figures come from.
enum class AlertSource : std::uint8_t { Requests, Tokens, DailyCost, SuccessRate, Forecast, Alarms, LimitChanges };

/// On which side of the threshold it is bad.
enum class Bad : std::uint8_t { Below, AtLeast };

/// One rule as it is in force.
struct AlertRule {
  std::string name;
  std::string description;
  AlertSource source = AlertSource::Alarms;
  std::vector<std::string> alarm_kinds;  ///< of AlertSource::Alarms; empty: all kinds that no other rule names
  Bad bad = Bad::AtLeast;
  double threshold = 1;
  double clear = 1;   ///< a firing alert is over only beyond this (hysteresis)
  double share = 0;   ///< of AlertSource::Tokens: also bad below this share of the limit
  Nanoseconds every = Seconds(10);
  Nanoseconds hold{0};      ///< `for` of Prometheus
  Nanoseconds silence = std::chrono::hours(1);
  AlertSeverity severity = AlertSeverity::Warning;
  std::string runbook;
  bool enabled = true;
};

/// The shipped rules with what the operator changed, in the order of the shipped ones.
[[nodiscard]] std::vector<AlertRule> alert_rules(const AlertOptions& options);

/// Where a figure stands against a rule.
enum class Standing : std::uint8_t {
  Bad,      ///< beyond the threshold
  Between,  ///< no longer bad, but not far enough away for a firing alert to be over
  Clear,
  Unknown,  ///< its figure could not be had: the alert stays as it is
};
[[nodiscard]] Standing standing_of(double value, Bad bad, double threshold, double clear);

}  // namespace tidegate::monitor
