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

TEST(DemandLimits, TenantsHaveBudgetsInDollars) {
  const WallTime now = parse_rfc3339("2026-05-02T23:10:30Z").value();
  quota::AccountLevel account;
  account.tenant = "team";
  account.requests = quota::RateLevel{.limit = 60, .remaining = 15, .full_after = {}};
  quota::BudgetLevel day{.budget = {.period = quota::BudgetPeriod::Day, .limit = 5'000'000'000},
                         .spent = 2'000'000'000,
                         .reserved = 500'000'000};
  day.resets_at = parse_rfc3339("2026-05-03T00:00:00Z").value();
  quota::BudgetLevel tokens = day;
  tokens.budget.unit = quota::BudgetUnit::Tokens;
  account.budgets = {day, tokens};
  quota::AccountLevel key = account;
  key.key = "k1";
  const std::vector accounts{account, key};
  const auto limits = demand_limits({}, accounts, now);
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_EQ(limits[0].capacity, 60);
  EXPECT_EQ(limits[0].remaining, 15);
  EXPECT_EQ(limits[1].limit, "daily budget");
  EXPECT_EQ(limits[1].kind, LimitKind::Budget);
  EXPECT_EQ(limits[1].measure, DemandMeasure::Cost);
  EXPECT_DOUBLE_EQ(limits[1].capacity, 5);
  EXPECT_DOUBLE_EQ(limits[1].remaining, 2.5);
  EXPECT_EQ(limits[1].minutes_to_renewal, 50);
}

TEST(DemandLimits, WaitingRequestsAreToldByPool) {
  quota::RoomBook::NamedRoom one = room({});
  one.room.waiting_interactive = 2;
  one.room.waiting_batch = 3;
  quota::RoomBook::NamedRoom of_class = one;
  of_class.class_name = "ci";
  const auto waiting = waiting_by_pool(std::vector{one, of_class, room({})});
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting.at("anthropic/opus-4"), 10);
}

}  // namespace
}  // namespace tidegate::app
