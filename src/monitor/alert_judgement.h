// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/alarm.h"
#include "monitor/alert_inputs.h"
#include "monitor/alert_rules.h"
#include "monitor/window_row.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tidegate::monitor {

/// What a rule finds about one subject.
struct AlertObservation {
  std::string subject;
  Standing standing = Standing::Clear;
  double value = 0;
  double threshold = 0;
  std::string summary;                    ///< one sentence for people
  std::optional<AlertSeverity> severity;  ///< of this finding; else the rule's
  std::optional<PoolStanding> pool = {};  ///< that it is about, if it is about one
  std::optional<PredictedExhaustion> forecast = {};  ///< likewise
};

// Each gives an observation per subject; what is not named is not bad.

/// AlertSource::Requests and ::Tokens. Each with what `forecasts` say of that pool's limit.
[[nodiscard]] std::vector<AlertObservation> judge_pools(const AlertRule& rule, std::span<const PoolStanding> pools,
                                                        std::span<const PredictedExhaustion> forecasts = {});
[[nodiscard]] std::vector<AlertObservation> judge_budgets(const AlertRule& rule, std::span<const BudgetStanding> budgets);
/// Nothing below kLeastRequests: of three requests one failure says nothing.
[[nodiscard]] std::vector<AlertObservation> judge_success(const AlertRule& rule, const WindowTotals& totals, Nanoseconds window);
[[nodiscard]] std::vector<AlertObservation> judge_forecasts(const AlertRule& rule, std::span<const PredictedExhaustion> forecasts);
/// Alarms of the rule's kinds; a rule without kinds takes those that no rule of `all` names.
[[nodiscard]] std::vector<AlertObservation> judge_alarms(const AlertRule& rule, std::span<const AlertRule> all, std::span<const Alarm> alarms);
/// Changes of the last kTellOfChange.
[[nodiscard]] std::vector<AlertObservation> judge_limit_changes(const AlertRule& rule, std::span<const LimitChange> changes, WallTime now);

inline constexpr std::int64_t kLeastRequests = 20;
inline constexpr std::chrono::hours kTellOfChange(1);

}  // namespace tidegate::monitor
