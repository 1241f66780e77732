// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/demand_limits.h"

#include <gtest/gtest.h>

#include <chrono>

namespace tidegate::app {
namespace {

using monitor::DemandLimit;
using monitor::DemandMeasure;
using monitor::ForecastScope;
using monitor::LimitKind;

quota::BucketView pool(double requests, double level) {
  quota::BucketView view;
  view.pool = "org";
  view.keys = {"KEY"};
  view.levels = {{quota::Dimension::Requests, requests, level, requests, 0},
                 {quota::Dimension::Output, 8'000, -200, 8'000, 500}};
  return view;
}

quota::RoomBook::NamedRoom room(std::vector<quota::BucketView> pools) {
  quota::RoomBook::NamedRoom room{
      .provider = "anthropic", .model_group = "opus-4", .class_name = {}, .credential = {}, .room = {}};
  room.room.pools = std::move(pools);
  return room;
}

TEST(DemandLimits, PoolsOfAGroupAddUp) {
  quota::BucketView dead = pool(1'000, 1'000);
  dead.is_dead = true;
  quota::BucketView unused = pool(1'000, 1'000);
  unused.keys.clear();
  quota::RoomBook::NamedRoom of_class = room({pool(50, 20)});
  of_class.class_name = "ci";
  const std::vector rooms{room({pool(50, 20), pool(100, 90), dead, unused}), of_class};
  const auto limits = demand_limits(rooms, {}, WallTime());
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_EQ(limits[0].of.scope, ForecastScope::Pool);
  EXPECT_EQ(limits[0].of.name, "anthropic/opus-4");
  EXPECT_EQ(limits[0].limit, "requests per minute");
  EXPECT_EQ(limits[0].capacity, 150);
  EXPECT_EQ(limits[0].remaining, 110);
  EXPECT_EQ(limits[1].measure, DemandMeasure::OutputTokens);
  EXPECT_EQ(limits[1].capacity, 15'000) << "what others of the organisation use is not there";
  EXPECT_EQ(limits[1].remaining, -400);
}

TEST(DemandLimits, CombinedTokensAndLongPeriodsAreLimitsToo) {
  quota::BucketView both = pool(50, 20);
  both.levels.push_back({quota::Dimension::Tokens, 100'000, 90'000, 100'000, 0});
  both.periods = {{quota::PeriodDimension::TokensPerDay, 14'400'000, 1'000'000},
                  {quota::PeriodDimension::RequestsPerMonth, 43'200, -5}};
  const auto limits = demand_limits(std::vector{room({both, both})}, {}, WallTime());
  ASSERT_EQ(limits.size(), 5U);
  EXPECT_EQ(limits[2], (DemandLimit{.of = {ForecastScope::Pool, "anthropic/opus-4"},
                                    .measure = DemandMeasure::Tokens,
                                    .limit = "tokens per minute",
                                    .kind = LimitKind::Rate,
                                    .capacity = 200'000,
                                    .remaining = 180'000}));
  EXPECT_EQ(limits[3].limit, "tokens per day");
  EXPECT_EQ(limits[3].kind, LimitKind::Budget);
  EXPECT_DOUBLE_EQ(limits[3].refill, 20'000);
  EXPECT_EQ(limits[3].remaining, 2'000'000);
  EXPECT_FALSE(limits[3].minutes_to_renewal);
  EXPECT_EQ(limits[4].limit, "requests per month");
  EXPECT_DOUBLE_EQ(limits[4].refill, 2);
  EXPECT_EQ(limits[4].remaining, -10);
}

TEST(DemandLimits, TenantsAndKeysHaveLimitsAndBudgets) {
  const WallTime now = parse_rfc3339("2026-05-02T23:10:30Z").value();
  quota::AccountLevel account;
  account.tenant = "team";
  account.requests = quota::RateLevel{.limit = 60, .remaining = 15, .full_after = {}};
  account.tokens = quota::RateLevel{.limit = 9'000, .remaining = 100, .full_after = {}};
  quota::BudgetLevel day{.budget = {.period = quota::BudgetPeriod::Day, .limit = 5'000'000'000},
                         .spent = 2'000'000'000,
                         .reserved = 500'000'000};
  day.resets_at = parse_rfc3339("2026-05-03T00:00:00Z").value();
  quota::BudgetLevel tokens{
      .budget = {.period = quota::BudgetPeriod::Life, .unit = quota::BudgetUnit::Tokens, .limit = 1'000}, .spent = 400};
  account.budgets = {day, tokens};
  quota::AccountLevel key = account;
  key.key = "k1";
  const std::vector accounts{account, key};
  const auto limits = demand_limits({}, accounts, now);
  ASSERT_EQ(limits.size(), 8U);
  EXPECT_EQ(limits[0].capacity, 60);
  EXPECT_EQ(limits[0].remaining, 15);
  EXPECT_EQ(limits[1].limit, "tokens per minute");
  EXPECT_EQ(limits[1].measure, DemandMeasure::Tokens);
  EXPECT_EQ(limits[2].limit, "daily budget");
  EXPECT_EQ(limits[2].kind, LimitKind::Budget);
  EXPECT_EQ(limits[2].measure, DemandMeasure::Cost);
  EXPECT_DOUBLE_EQ(limits[2].capacity, 5);
  EXPECT_DOUBLE_EQ(limits[2].remaining, 2.5);
  EXPECT_EQ(limits[2].minutes_to_renewal, 50);
  EXPECT_EQ(limits[3].limit, "lifetime token budget");
  EXPECT_EQ(limits[3].measure, DemandMeasure::Tokens);
  EXPECT_EQ(limits[3].remaining, 600);
  EXPECT_FALSE(limits[3].minutes_to_renewal);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(limits[i].of, (monitor::DemandName{ForecastScope::Tenant, "team"}));
    EXPECT_EQ(limits[i + 4].of, (monitor::DemandName{ForecastScope::Key, "k1"}));
    EXPECT_EQ(limits[i + 4].limit, limits[i].limit);
  }
  EXPECT_EQ(limited_keys(limits), (std::set<std::string, std::less<>>{"k1"}));
}

TEST(DemandLimits, EverythingTogetherHasADailyBudget) {
  const WallTime now = parse_rfc3339("2026-05-02T23:59:30Z").value();
  const auto limits = daily_budget_limit(Money::dollars(100), Money::dollars(120), now);
  ASSERT_EQ(limits.size(), 1U);
  EXPECT_EQ(limits[0].of, monitor::DemandName{});
  EXPECT_EQ(limits[0].capacity, 100);
  EXPECT_EQ(limits[0].remaining, -20);
  EXPECT_EQ(limits[0].minutes_to_renewal, 1);
  EXPECT_TRUE(daily_budget_limit(Money(), Money::dollars(1), now).empty()) << "there is none";
}

TEST(DemandLimits, HeadersAreReadAsRoomsReadThem) {
  using llm::LimitDimension;
  const auto level = [](LimitDimension dimension, std::int64_t limit, double remaining) {
    quota::LimitLevel one;
    one.dimension = dimension;
    one.limit = limit;
    one.remaining_now = remaining;
    return one;
  };
  quota::PoolLevel sum;
  sum.provider = "anthropic";
  sum.model_group = "opus-4";
  sum.limits = {level(LimitDimension::InputTokens, 30'000, 1'000), level(LimitDimension::OutputTokens, 8'000, 7'000),
                level(LimitDimension::Tokens, 38'000, 8'000)};
  quota::PoolLevel together;
  together.provider = "openai";
  together.model_group = "gpt-5";
  together.limits = {level(LimitDimension::Tokens, 500'000, 400'000)};
  const auto limits = demand_limits(std::vector{sum, together});
  ASSERT_EQ(limits.size(), 3U) << "a sum of two limits is none of its own";
  EXPECT_EQ(limits[0].measure, DemandMeasure::InputTokens);
  EXPECT_EQ(limits[1].measure, DemandMeasure::OutputTokens);
  EXPECT_EQ(limits[2].of.name, "openai/gpt-5");
  EXPECT_EQ(limits[2].measure, DemandMeasure::Tokens);
  EXPECT_EQ(limits[2].remaining, 400'000);
}

TEST(DemandLimits, WhoWaitsIsToldByAllThatDemandIsKnownBy) {
  const std::vector<gateway::WaitingBook::Line> lines{
      {{.room = "anthropic/opus-4", .wanted_room = {}, .model = "claude-opus-4-5", .tenant = "team", .key = "k1"}, 5},
      {{.room = "relay/opus-4",
        .wanted_room = "anthropic/opus-4",
        .model = "claude-opus-4-5",
        .tenant = "ci",
        .key = {}},
       2}};
  const monitor::DemandMinute waiting = waiting_demand(lines);
  const auto count = [&](ForecastScope scope, const char* name) {
    return waiting.by_name().at({scope, name}).unserved;
  };
  EXPECT_EQ(count(ForecastScope::All, ""), 7);
  EXPECT_EQ(count(ForecastScope::Pool, "anthropic/opus-4"), 7) << "those that went over were to go here";
  EXPECT_EQ(count(ForecastScope::Pool, "relay/opus-4"), 2);
  EXPECT_EQ(count(ForecastScope::Model, "claude-opus-4-5"), 7);
  EXPECT_EQ(count(ForecastScope::Tenant, "team"), 5);
  EXPECT_EQ(count(ForecastScope::Tenant, "ci"), 2);
  EXPECT_EQ(count(ForecastScope::Key, "k1"), 5);
}

}  // namespace
}  // namespace tidegate::app
