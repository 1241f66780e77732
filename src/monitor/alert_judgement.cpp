// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/alert_judgement.h"

#include "monitor/figure_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace tidegate::monitor {

namespace {

std::string whole(double figure) { return grouped(static_cast<std::int64_t>(std::llround(figure))); }

std::string words(std::string_view dimension) {
  std::string text(dimension);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

/// As forecasts call all pools of a provider for a group of models.
std::string pool_name(const PoolStanding& pool) { return fmt::format("{}/{}", pool.provider, pool.model_group); }

std::string subject_of(const PoolStanding& pool) { return fmt::format("{}/{} {} {}", pool.provider, pool.pool, pool.model_group, pool.dimension); }

/// Of the limit that this is, the forecast that says most.
std::optional<PredictedExhaustion> likeliest(std::span<const PredictedExhaustion> forecasts, const PoolStanding& pool) {
  const PredictedExhaustion* most = nullptr;
  for (const PredictedExhaustion& one : forecasts) {
    const bool is_of = one.scope == "pool" && one.measure == pool.dimension && one.name == pool_name(pool);
    if (is_of && (most == nullptr || one.probability > most->probability)) most = &one;
  }
  return most == nullptr ? std::nullopt : std::optional(*most);
}

/// `anthropic/opus-4`; nothing of another scope.
std::optional<PoolStanding> pool_of(const PredictedExhaustion& forecast) {
  const std::size_t slash = forecast.name.find('/');
  if (forecast.scope != "pool" || slash == std::string::npos) return std::nullopt;
  return PoolStanding{.provider = forecast.name.substr(0, slash),
                      .model_group = forecast.name.substr(slash + 1),
                      .pool = {},
                      .dimension = forecast.measure};
}

AlertObservation judge_share(const AlertRule& rule, const PoolStanding& pool) {
  const double share = pool.remaining / pool.limit;
  return {.subject = subject_of(pool),
          .standing = standing_of(share, rule.bad, rule.threshold, rule.clear),
          .value = share,
          .threshold = rule.threshold,
          .summary = fmt::format("{} of {} {} per minute are left for {} at {} (pool {})", whole(pool.remaining), whole(pool.limit),
                                 words(pool.dimension), pool.model_group, pool.provider, pool.pool),
          .severity = {}};
}

AlertObservation judge_tokens(const AlertRule& rule, const PoolStanding& pool) {
  // A limit of that order would always be bad: there only the share tells something.
  const double floor = pool.limit > 2 * rule.clear ? rule.threshold : 0;
  const double floor_clear = pool.limit > 2 * rule.clear ? rule.clear : 0;
  const double threshold = std::max(floor, rule.share * pool.limit);
  // The distance of the shipped hysteresis, one and a half, for the share as well.
  const double clear = std::max(floor_clear, 1.5 * rule.share * pool.limit);
  return {.subject = subject_of(pool),
          .standing = standing_of(pool.remaining, Bad::Below, threshold, clear),
          .value = pool.remaining,
          .threshold = threshold,
          .summary = fmt::format("{} of {} {} per minute are left for {} at {} (pool {})", whole(pool.remaining), whole(pool.limit),
                                 words(pool.dimension), pool.model_group, pool.provider, pool.pool),
          .severity = {}};
}

}  // namespace

std::vector<AlertObservation> judge_pools(const AlertRule& rule, std::span<const PoolStanding> pools,
                                          std::span<const PredictedExhaustion> forecasts) {
  std::vector<AlertObservation> found;
  for (const PoolStanding& pool : pools) {
    if (!(pool.limit > 0)) continue;
    const bool counts_requests = pool.dimension == "requests";
    if (counts_requests != (rule.source == AlertSource::Requests)) continue;
    AlertObservation& one = found.emplace_back(counts_requests ? judge_share(rule, pool) : judge_tokens(rule, pool));
    one.pool = pool;
    one.forecast = likeliest(forecasts, pool);
  }
  return found;
}

std::vector<AlertObservation> judge_budgets(const AlertRule& rule, std::span<const BudgetStanding> budgets) {
  std::vector<AlertObservation> found;
  for (const BudgetStanding& budget : budgets) {
    if (!(budget.limit > 0)) continue;
    if (!budget.spent) {
      found.push_back({.subject = budget.owner, .standing = Standing::Unknown, .summary = {}, .severity = {}});
      continue;
    }
    const double share = *budget.spent / budget.limit;
    const std::string who = budget.owner == "all" ? "Everything together" : fmt::format("'{}'", budget.owner);
    found.push_back({.subject = budget.owner,
                     .standing = standing_of(share, rule.bad, rule.threshold, rule.clear),
                     .value = share,
                     .threshold = rule.threshold,
                     .summary = fmt::format("{} has spent ${:.2f} of ${:.2f} today ({})", who, *budget.spent, budget.limit, percent_text(share)),
                     .severity = share >= 1 ? std::optional(AlertSeverity::Critical) : std::nullopt});
  }
  return found;
}

std::vector<AlertObservation> judge_success(const AlertRule& rule, const WindowTotals& totals, Nanoseconds window) {
  if (totals.requests < kLeastRequests) return {};
  const double share = 1 - static_cast<double>(totals.errors) / static_cast<double>(totals.requests);
  std::string kinds;
  for (const auto& [kind, count] : totals.errors_by_kind) kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", kind, grouped(count));
  return {{.subject = "all",
           .standing = standing_of(share, rule.bad, rule.threshold, rule.clear),
           .value = share,
           .threshold = rule.threshold,
           .summary = fmt::format("{} of {} requests of the last {} went well{}", percent_text(share), grouped(totals.requests), to_text(window),
                                  kinds.empty() ? "" : fmt::format("; errors: {}", kinds)),
           .severity = {}}};
}

std::vector<AlertObservation> judge_forecasts(const AlertRule& rule, std::span<const PredictedExhaustion> forecasts) {
  std::vector<AlertObservation> found;
  for (const PredictedExhaustion& forecast : forecasts) {
    const std::string whose = forecast.name.empty() ? forecast.scope : fmt::format("{} {}", forecast.scope, forecast.name);
    found.push_back(
        {.subject = fmt::format("{} {}", whose, forecast.limit),
         .standing = standing_of(forecast.probability, rule.bad, rule.threshold, rule.clear),
         .value = forecast.probability,
         .threshold = rule.threshold,
         .summary = fmt::format("{}: {} exhausted with probability {}{}{}", whose, forecast.limit, percent_text(forecast.probability),
                                forecast.minutes ? fmt::format(", first in {:.0f} min", *forecast.minutes) : "",
                                forecast.reason.empty() ? "" : "; " + forecast.reason),
         .severity = {},
         .pool = pool_of(forecast),
         .forecast = forecast});
  }
  return found;
}

std::vector<AlertObservation> judge_alarms(const AlertRule& rule, std::span<const AlertRule> all, std::span<const Alarm> alarms) {
  const auto names = [](const AlertRule& one, const std::string& kind) {
    return std::find(one.alarm_kinds.begin(), one.alarm_kinds.end(), kind) != one.alarm_kinds.end();
  };
  std::vector<AlertObservation> found;
  for (const Alarm& alarm : alarms) {
    const bool is_named = std::any_of(all.begin(), all.end(), [&](const AlertRule& one) { return names(one, alarm.kind); });
    if (rule.alarm_kinds.empty() ? is_named : !names(rule, alarm.kind)) continue;
    found.push_back({.subject = alarm.subject.empty() ? alarm.kind : fmt::format("{} {}", alarm.kind, alarm.subject),
                     .standing = Standing::Bad,
                     .value = 1,
                     .threshold = 1,
                     .summary = alarm.message,
                     .severity = alarm.severity == Severity::Critical ? AlertSeverity::Critical : AlertSeverity::Warning});
  }
  return found;
}

std::vector<AlertObservation> judge_limit_changes(const AlertRule& rule, std::span<const LimitChange> changes, WallTime now) {
  // The newest change of a limit speaks for it.
  std::map<std::string, AlertObservation> newest;
  for (const LimitChange& change : changes) {
    if (now - change.at >= kTellOfChange) continue;
    std::string subject = fmt::format("{} {} {} {}", change.pool, change.model_group, change.dimension, change.after);
    newest[fmt::format("{} {} {}", change.pool, change.model_group, change.dimension)] =
        AlertObservation{.subject = std::move(subject),
                         .standing = Standing::Bad,
                         .value = static_cast<double>(change.after),
                         .threshold = static_cast<double>(change.before),
                         .summary = fmt::format("{} per minute for {} went from {} to {} (pool {}, first seen {})", words(change.dimension),
                                                change.model_group, grouped(change.before), grouped(change.after), change.pool,
                                                to_rfc3339(change.at)),
                         .severity = change.after < change.before ? std::max(rule.severity, AlertSeverity::Warning) : rule.severity};
  }
  std::vector<AlertObservation> found;
  for (auto& [limit, observation] : newest) found.push_back(std::move(observation));
  return found;
}

}  // namespace tidegate::monitor
