// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/alert_judgement.h"
#include "monitor/limit_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace tidegate::monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

AlertRule rule(std::string_view name, const AlertOptions& options = {}) {
  const std::vector<AlertRule> rules = alert_rules(options);
  return *std::find_if(rules.begin(), rules.end(), [&](const AlertRule& one) { return one.name == name; });
}

std::string why_refused(const AlertRuleOptions& options) {
  const auto checked = check_alert_rule(options);
  return checked ? "" : checked.error().detail;
}

TEST(AlertRules, HaveTheDefaultsThatTeamsUse) {
  EXPECT_EQ(rule("requests_remaining_low").threshold, 0.2);
  EXPECT_EQ(rule("requests_remaining_low").every, Seconds(10));
  EXPECT_EQ(rule("tokens_remaining_low").threshold, 1'000);
  EXPECT_EQ(rule("tokens_remaining_low").every, Seconds(10));
  EXPECT_EQ(rule("daily_cost_high").threshold, 0.8);
  EXPECT_EQ(rule("daily_cost_high").every, Seconds(60));
  EXPECT_EQ(rule("success_rate_low").threshold, 0.99);
  EXPECT_EQ(rule("success_rate_low").every, Seconds(30));
  for (const AlertRule& one : alert_rules({})) {
    EXPECT_TRUE(check_alert_rule({.name = one.name})) << one.name;
    EXPECT_EQ(one.runbook, "docs/runbooks/" + one.name + ".md");
    EXPECT_FALSE(one.description.empty()) << one.name;
  }
}

TEST(AlertRules, TakeOverWhatTheOperatorWantsOtherwise) {
  AlertOptions options;
  options.runbooks = "https://wiki/";
  options.rules.push_back({.name = "success_rate_low", .threshold = 0.9, .hold = Seconds(120), .severity = AlertSeverity::Info});
  options.rules.push_back({.name = "key_lost", .enabled = false, .runbook = "https://elsewhere/keys"});
  EXPECT_EQ(rule("success_rate_low", options).threshold, 0.9);
  EXPECT_NEAR(rule("success_rate_low", options).clear, 0.9 * 0.995 / 0.99, 1e-9);  // the distance stays
  EXPECT_EQ(rule("success_rate_low", options).hold, Seconds(120));
  EXPECT_EQ(rule("success_rate_low", options).runbook, "https://wiki/success_rate_low.md");
  EXPECT_FALSE(rule("key_lost", options).enabled);
  EXPECT_EQ(rule("key_lost", options).runbook, "https://elsewhere/keys");
}

TEST(AlertRules, RefuseWhatMakesNoSense) {
  EXPECT_THAT(why_refused({.name = "sucess_rate_low"}), HasSubstr("known: requests_remaining_low"));
  EXPECT_THAT(why_refused({.name = "success_rate_low", .clear = 0.5}), HasSubstr("must be at least threshold"));
  EXPECT_THAT(why_refused({.name = "daily_cost_high", .clear = 0.9}), HasSubstr("must be at most threshold"));
  EXPECT_THAT(why_refused({.name = "key_lost", .threshold = 3}), HasSubstr("takes no threshold"));
  EXPECT_THAT(why_refused({.name = "success_rate_low", .share = 0.1}), HasSubstr("takes no share"));
  EXPECT_THAT(why_refused({.name = "success_rate_low", .threshold = 1}), IsEmpty());
}

TEST(Standing, IsBadOnOneSideAndClearOnlyBeyondTheOther) {
  EXPECT_EQ(standing_of(0.19, Bad::Below, 0.2, 0.3), Standing::Bad);
  EXPECT_EQ(standing_of(0.2, Bad::Below, 0.2, 0.3), Standing::Between);
  EXPECT_EQ(standing_of(0.3, Bad::Below, 0.2, 0.3), Standing::Clear);
  EXPECT_EQ(standing_of(0.8, Bad::AtLeast, 0.8, 0.75), Standing::Bad);
  EXPECT_EQ(standing_of(0.75, Bad::AtLeast, 0.8, 0.75), Standing::Between);
  EXPECT_EQ(standing_of(0.74, Bad::AtLeast, 0.8, 0.75), Standing::Clear);
}

PoolStanding pool(std::string dimension, double limit, double remaining) {
  return {.provider = "anthropic", .model_group = "opus-5", .pool = "org-1", .dimension = std::move(dimension), .limit = limit, .remaining = remaining};
}

Standing of_tokens(double limit, double remaining) {
  return judge_pools(rule("tokens_remaining_low"), std::vector{pool("input_tokens", limit, remaining)}).at(0).standing;
}

TEST(AlertJudgement, OfRequestsGoesByTheShareOfTheLimit) {
  const std::vector pools{pool("requests", 50, 9), pool("input_tokens", 50'000, 10), pool("requests", 0, 0)};
  const auto found = judge_pools(rule("requests_remaining_low"), pools);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].standing, Standing::Bad);
  EXPECT_DOUBLE_EQ(found[0].value, 0.18);
  EXPECT_EQ(found[0].subject, "anthropic/org-1 opus-5 requests");
  EXPECT_EQ(found[0].summary, "9 of 50 requests per minute are left for opus-5 at anthropic (pool org-1)");
}

TEST(AlertJudgement, OfTokensGoesByTheFixedNumberOrTheShareWhicheverIsMore) {
  EXPECT_EQ(of_tokens(15'000, 999), Standing::Bad);
  EXPECT_EQ(of_tokens(15'000, 1'000), Standing::Between);
  EXPECT_EQ(of_tokens(15'000, 2'000), Standing::Clear);
  EXPECT_EQ(of_tokens(2'000'000, 99'999), Standing::Bad);
  EXPECT_EQ(of_tokens(2'000'000, 100'000), Standing::Between);
  EXPECT_EQ(of_tokens(2'000'000, 151'000), Standing::Clear);
  EXPECT_EQ(of_tokens(3'000, 900), Standing::Clear);  // a limit so small would be bad for ever
  EXPECT_EQ(of_tokens(3'000, 100), Standing::Bad);
}

TEST(AlertJudgement, OfBudgetsIsCriticalOnceTheyAreSpent) {
  const std::vector budgets{BudgetStanding{"web", 10, 8}, BudgetStanding{"all", 100, 101}, BudgetStanding{"free", 0, 3},
                             BudgetStanding{"lost", 10, std::nullopt}};
  const auto found = judge_budgets(rule("daily_cost_high"), budgets);
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[2].standing, Standing::Unknown) << "which is not the same as nothing spent";
  EXPECT_EQ(found[0].standing, Standing::Bad);
  EXPECT_EQ(found[0].severity, std::nullopt);
  EXPECT_EQ(found[0].summary, "'web' has spent $8.00 of $10.00 today (80.0 %)");
  EXPECT_EQ(found[1].severity, AlertSeverity::Critical);
}

TEST(AlertJudgement, OfSuccessSaysNothingOfAHandfulOfRequests) {
  WindowTotals totals;
  totals.requests = 19;
  totals.errors = 19;
  EXPECT_THAT(judge_success(rule("success_rate_low"), totals, Seconds(300)), IsEmpty());
  totals.requests = 1'000;
  totals.errors = 11;
  totals.errors_by_kind = {{"overloaded", 11}};
  const auto found = judge_success(rule("success_rate_low"), totals, Seconds(300));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].standing, Standing::Bad);
  EXPECT_EQ(found[0].summary, "98.9 % of 1,000 requests of the last 5m went well; errors: overloaded 11");
}

TEST(AlertJudgement, OfForecastsTellsProbabilityFirstCrossingAndReason) {
  const std::vector forecasts{PredictedExhaustion{"pool", "anthropic/org-1", "requests", "requests per minute", 0.62, 17.2, "load doubled in ten minutes"}};
  const auto found = judge_forecasts(rule("exhaustion_forecast"), forecasts);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].standing, Standing::Bad);
  EXPECT_EQ(found[0].summary,
            "pool anthropic/org-1: requests per minute exhausted with probability 62.0 %, first in 17 min; load doubled in ten minutes");
}

TEST(AlertJudgement, EveryAlarmBelongsToExactlyOneRule) {
  const std::vector<AlertRule> rules = alert_rules({});
  std::vector<Alarm> alarms;
  for (const char* kind : {"key_lost", "keys_empty", "provider_down", "official_slower", "balance_low", "ledger", "price_unknown", "budget",
                           "certificate", "configuration", "clock", "directory", "something_new"}) {
    alarms.push_back({.kind = kind, .subject = "x", .severity = Severity::Critical, .message = "m", .since = {}});
  }
  std::size_t found = 0;
  for (const AlertRule& one : rules) {
    if (one.source == AlertSource::Alarms) found += judge_alarms(one, rules, alarms).size();
  }
  EXPECT_EQ(found, alarms.size());
  const auto others = judge_alarms(rule("gateway_alarm"), rules, alarms);
  EXPECT_THAT(others, SizeIs(5));
  EXPECT_EQ(others[0].subject, "certificate x");
  EXPECT_EQ(others[0].severity, AlertSeverity::Critical);
}

TEST(LimitHistory, TellsAChangeOnceAndNothingOfWhatItSeesFirst) {
  LimitHistory history;
  const WallTime now{};
  EXPECT_THAT(history.look(std::vector{StatedLimit{"org-1", "opus-5", "requests", 50}}, now), IsEmpty());
  const auto changes = history.look(std::vector{StatedLimit{"org-1", "opus-5", "requests", 40}}, now + Seconds(10));
  EXPECT_THAT(changes, ElementsAre(LimitChange{now + Seconds(10), "org-1", "opus-5", "requests", 50, 40}));
  EXPECT_THAT(history.look(std::vector{StatedLimit{"org-1", "opus-5", "requests", 40}}, now + Seconds(20)), IsEmpty());
  EXPECT_THAT(history.look({}, now + Seconds(30)), IsEmpty());  // nothing said is no change
  EXPECT_EQ(history.changes(), changes);
}

TEST(AlertJudgement, OfLimitChangesTellsOldAndNewForAnHour) {
  const WallTime now = *parse_rfc3339("2026-11-26T10:00:00Z");
  const std::vector changes{LimitChange{now, "anthropic/org-1", "opus-5", "input_tokens", 30'000, 15'000},
                            LimitChange{now + Seconds(60), "anthropic/org-1", "opus-5", "input_tokens", 15'000, 60'000}};
  const auto found = judge_limit_changes(rule("limit_changed"), changes, now + Seconds(120));
  ASSERT_THAT(found, SizeIs(1));  // the newest speaks
  EXPECT_EQ(found[0].value, 60'000);
  EXPECT_EQ(found[0].threshold, 15'000);
  EXPECT_EQ(found[0].summary, "input tokens per minute for opus-5 went from 15,000 to 60,000 (pool anthropic/org-1, first seen 2026-11-26T10:01:00Z)");
  EXPECT_THAT(judge_limit_changes(rule("limit_changed"), changes, now + Seconds(3'661)), IsEmpty());
  const auto cut = judge_limit_changes(rule("limit_changed"), std::vector{changes[0]}, now);
  EXPECT_EQ(cut.at(0).severity, AlertSeverity::Warning);  // less is worse than more
}

}  // namespace
}  // namespace tidegate::monitor
