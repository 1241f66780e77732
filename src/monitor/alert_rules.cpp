// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/alert_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tidegate::monitor {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

AlertRule alarm_rule(std::string name, std::string description, std::vector<std::string> kinds) {
  AlertRule rule;
  rule.name = std::move(name);
  rule.description = std::move(description);
  rule.alarm_kinds = std::move(kinds);
  return rule;
}

AlertRule figure_rule(std::string name, std::string description, AlertSource source, Bad bad, double threshold, double clear) {
  AlertRule rule;
  rule.name = std::move(name);
  rule.description = std::move(description);
  rule.source = source;
  rule.bad = bad;
  rule.threshold = threshold;
  rule.clear = clear;
  return rule;
}

std::vector<AlertRule> shipped_rules() {
  std::vector<AlertRule> rules;
  AlertRule requests = figure_rule("requests_remaining_low", "A pool has less than a fifth of its requests per minute left",
                                   AlertSource::Requests, Bad::Below, 0.2, 0.3);
  requests.hold = Seconds(10);
  rules.push_back(std::move(requests));

  AlertRule tokens = figure_rule("tokens_remaining_low", "A pool has less than 1,000 tokens left, or less than a twentieth of its limit",
                                 AlertSource::Tokens, Bad::Below, 1'000, 2'000);
  tokens.share = 0.05;
  tokens.hold = Seconds(10);
  rules.push_back(std::move(tokens));

  AlertRule cost = figure_rule("daily_cost_high", "Four fifths of a daily budget are spent", AlertSource::DailyCost, Bad::AtLeast, 0.8, 0.75);
  cost.every = Seconds(60);
  cost.silence = hours(6);
  rules.push_back(std::move(cost));

  AlertRule success = figure_rule("success_rate_low", "Less than 99 % of the requests of the last five minutes went well",
                                  AlertSource::SuccessRate, Bad::Below, 0.99, 0.995);
  success.every = Seconds(30);
  success.hold = Seconds(30);
  success.severity = AlertSeverity::Critical;
  rules.push_back(std::move(success));

  AlertRule forecast = figure_rule("exhaustion_forecast", "A limit or budget will probably be exhausted within the forecast's horizon",
                                   AlertSource::Forecast, Bad::AtLeast, 0.3, 0.15);
  forecast.every = Seconds(60);
  forecast.hold = Seconds(60);  // two looks, as it was measured (docs/forecast.md)
  rules.push_back(std::move(forecast));

  AlertRule limit = figure_rule("limit_changed", "A provider changed a limit in the last hour", AlertSource::LimitChanges, Bad::AtLeast, 1, 1);
  limit.severity = AlertSeverity::Info;
  limit.silence = Nanoseconds(0);  // each change is told, and none twice
  rules.push_back(std::move(limit));

  rules.push_back(alarm_rule("shadow_degraded", "A provider loses ground against the one that answers copies of its requests",
                             {"official_slower", "official_failing"}));
  rules.push_back(alarm_rule("key_lost", "A provider refuses a key, or its source of keys cannot be read", {"key_lost", "key_source", "keys_empty"}));
  AlertRule down = alarm_rule("provider_down", "A provider does not answer, or with errors of its own", {"provider_down"});
  down.hold = Seconds(10);  // an endpoint that is back at once wakes nobody
  down.silence = minutes(15);
  rules.push_back(std::move(down));
  rules.push_back(alarm_rule("balance_low", "A provider's prepaid balance is low or cannot be read, or an organisation's money there is spent",
                             {"balance_low", "balance_unknown", "money_spent"}));
  rules.push_back(alarm_rule("ledger_spilling", "The ledger's database does not take what was recorded", {"ledger", "not_recorded", "limits_not_saved", "ties"}));
  rules.push_back(alarm_rule("unknown_price", "A model has no price, or a provider's answers tell no usage: their cost is an estimate", {"price_unknown", "usage_unread"}));
  rules.push_back(alarm_rule("reconcile_drift", "Own cost and the provider's bill drift apart", {"reconcile_drift"}));
  rules.push_back(alarm_rule("budget_spent", "A tenant's or key's budget is beyond its warning", {"budget"}));
  // Last, and for whatever kind is invented next: no alarm may go untold because somebody forgot a line here.
  rules.push_back(alarm_rule("gateway_alarm", "Any other alarm of the gateway itself: certificate, configuration, clock, directory …", {}));
  return rules;
}

void apply(const AlertRuleOptions& changes, AlertRule& rule) {
  // A threshold of one's own without `clear` keeps the shipped distance, so that hysteresis never turns over.
  if (changes.threshold) {
    rule.clear = rule.clear / rule.threshold * *changes.threshold;
    rule.threshold = *changes.threshold;
    if (rule.source == AlertSource::SuccessRate) rule.clear = std::min(1.0, rule.clear);
  }
  rule.clear = changes.clear.value_or(rule.clear);
  rule.share = changes.share.value_or(rule.share);
  rule.enabled = changes.enabled.value_or(rule.enabled);
  rule.every = changes.every.value_or(rule.every);
  rule.hold = changes.hold.value_or(rule.hold);
  rule.silence = changes.silence.value_or(rule.silence);
  rule.severity = changes.severity.value_or(rule.severity);
  if (!changes.runbook.empty()) rule.runbook = changes.runbook;
}

}  // namespace

std::vector<AlertRule> alert_rules(const AlertOptions& options) {
  std::vector<AlertRule> rules = shipped_rules();
  for (AlertRule& rule : rules) {
    rule.runbook = options.runbooks + rule.name + ".md";
    for (const AlertRuleOptions& changes : options.rules) {
      if (changes.name == rule.name) apply(changes, rule);
    }
  }
  return rules;
}

std::vector<std::string> alert_rule_names() {
  std::vector<std::string> names;
  for (const AlertRule& rule : shipped_rules()) names.push_back(rule.name);
  return names;
}

Result<void> check_alert_rule(const AlertRuleOptions& options) {
  std::vector<AlertRule> rules = shipped_rules();
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const AlertRule& rule) { return rule.name == options.name; });
  if (found == rules.end()) {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                fmt::format("no rule is named '{}'; known: {}", options.name, fmt::join(alert_rule_names(), ", ")));
  }
  const bool has_figure = found->source != AlertSource::Alarms && found->source != AlertSource::LimitChanges;
  if (!has_figure && (options.threshold || options.clear)) {
    return fail(FailureKind::InvalidInput, Origin::Operator, fmt::format("{} measures nothing and takes no threshold", options.name));
  }
  if (options.share && found->source != AlertSource::Tokens) {
    return fail(FailureKind::InvalidInput, Origin::Operator, fmt::format("{} takes no share", options.name));
  }
  apply(options, *found);
  const bool turned = found->bad == Bad::Below ? found->clear < found->threshold : found->clear > found->threshold;
  if (turned) {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                fmt::format("clear ({}) must be {} threshold ({}), or the alert would be over while it is bad", found->clear,
                            found->bad == Bad::Below ? "at least" : "at most", found->threshold));
  }
  return {};
}

Standing standing_of(double value, Bad bad, double threshold, double clear) {
  if (bad == Bad::Below) {
    if (value < threshold) return Standing::Bad;
    return value < clear ? Standing::Between : Standing::Clear;
  }
  if (value >= threshold) return Standing::Bad;
  return value >= clear ? Standing::Between : Standing::Clear;
}

}  // namespace tidegate::monitor
