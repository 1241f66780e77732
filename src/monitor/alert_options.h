// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::monitor {

enum class AlertSeverity : std::uint8_t { Info, Warning, Critical };
[[nodiscard]] constexpr std::string_view to_string(AlertSeverity severity) {
  switch (severity) {
    case AlertSeverity::Info: return "info";
    case AlertSeverity::Warning: return "warning";
    case AlertSeverity::Critical: return "critical";
  }
  return {};
}

/// What the operator wants otherwise than the shipped rule of that name has it; what is absent stays.
struct AlertRuleOptions {
  std::string name;
  std::optional<bool> enabled = {};
  std::optional<double> threshold = {};      ///< in the rule's unit: a share, tokens, a probability
  std::optional<double> clear = {};          ///< hysteresis: over only when the figure is back beyond this
  std::optional<double> share = {};          ///< of tokens_remaining_low: also below this share of the limit
  std::optional<Nanoseconds> every = {};     ///< how often it is looked at
  std::optional<Nanoseconds> hold = {};      ///< `for`: how long it must hold before it fires
  std::optional<Nanoseconds> silence = {};   ///< the same alert is told at most once in so long
  std::optional<AlertSeverity> severity = {};
  std::string runbook = {};                  ///< link; empty: as shipped

  friend bool operator==(const AlertRuleOptions&, const AlertRuleOptions&) = default;
};

/// Names of the shipped rules, in their order (monitor/alert_rules.h).
[[nodiscard]] std::vector<std::string> alert_rule_names();
/// Why the options of a rule make no sense: no such rule, or a `clear` on the wrong side. Failure: InvalidInput.
[[nodiscard]] Result<void> check_alert_rule(const AlertRuleOptions& options);

struct AlertOptions {
  bool enabled = true;
  Money daily_budget;           ///< of everything the gateway spends in a day (UTC); zero: none
  Nanoseconds grouping = Seconds(10);  ///< what begins within it is one message
  std::string runbooks = "docs/runbooks/";  ///< put before NAME.md
  std::vector<AlertRuleOptions> rules;

  friend bool operator==(const AlertOptions&, const AlertOptions&) = default;
};

}  // namespace tidegate::monitor
