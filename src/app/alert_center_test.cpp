// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/alert_center.h"

#include "app/alert_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// A center whose figures are set by hand.
class AlertCenterTest : public testing::Test {
 protected:
  AlertCenterTest()
      : center_({.pools =
                     [this] {
                       ++asked_;
                       return std::vector{monitor::PoolStanding{"anthropic", "opus-5", "org-1", "requests", 50, remaining_}};
                     },
                 .budgets =
                     [this](Now) {
                       return std::vector{monitor::BudgetStanding{"all", 100, spent_}};
                     },
                 .use = {},
                 .alarms = [this] { return alarms_; },
                 .forecasts = [this] { return forecasts_; },
                 .limits = [this](Now) { return std::vector{monitor::StatedLimit{"org-1", "opus-5", "requests", limit_}}; }},
                {.say = [this](const std::string& line) { said_ += line; },
                 .notices =
                     [this](std::vector<monitor::AlertNotice> notices, const std::vector<monitor::Alert>& firing, Now) {
                       for (const auto& notice : notices) told_.push_back(std::string(to_string(notice.kind)) + " " + notice.alert.rule);
                       firing_ = firing.size();
                     }}) {
    center_.adopt({});
  }
  void run(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock_.advance(Seconds(1));
      center_.look(clock_.now());
    }
  }

  ManualClock clock_;
  double remaining_ = 50;
  std::int64_t limit_ = 50;
  int asked_ = 0;
  std::vector<monitor::Alarm> alarms_;
  std::optional<double> spent_ = 0;
  std::optional<std::vector<monitor::PredictedExhaustion>> forecasts_;
  std::string said_;
  std::vector<std::string> told_;
  std::size_t firing_ = 0;
  AlertCenter center_;
};

TEST_F(AlertCenterTest, LooksAtEachRuleAsOftenAsItSays) {
  run(21);
  EXPECT_EQ(asked_, 6);  // two rules of pools, at 1, 11 and 21 s
}

TEST_F(AlertCenterTest, TellsThatRequestsAreShortWithinTwentySecondsAndThatTheyAreBack) {
  remaining_ = 9;
  run(11);
  EXPECT_THAT(told_, ElementsAre("firing requests_remaining_low"));
  EXPECT_EQ(firing_, 1U);
  remaining_ = 40;
  run(10);
  EXPECT_THAT(told_, ElementsAre("firing requests_remaining_low", "resolved requests_remaining_low"));
  EXPECT_EQ(firing_, 0U);
  EXPECT_THAT(center_.history(), SizeIs(3));
  EXPECT_NE(said_.find("alert=firing rule=requests_remaining_low"), std::string::npos);
}

TEST_F(AlertCenterTest, WhatCannotBeReadKeepsAlertsAsTheyAre) {
  spent_ = 90;
  forecasts_ = std::vector{monitor::PredictedExhaustion{.scope = "pool",
                                                        .name = "anthropic/opus-5",
                                                        .measure = "requests",
                                                        .limit = "requests per minute",
                                                        .probability = 0.9,
                                                        .minutes = 12,
                                                        .reason = {}}};
  run(61);
  EXPECT_THAT(told_, ElementsAre("firing daily_cost_high", "firing exhaustion_forecast"));
  spent_.reset();      // the ledger is locked
  forecasts_.reset();  // another method is being learned
  run(600);
  EXPECT_THAT(told_, SizeIs(2)) << "nothing says that it is over";
  EXPECT_EQ(firing_, 2U);
  spent_ = 1;
  forecasts_.emplace();
  run(60);
  EXPECT_EQ(firing_, 0U);
}

TEST_F(AlertCenterTest, TakesAnAlarmOfTheGatewayAsAnAlert) {
  alarms_.push_back({.kind = "key_lost", .subject = "anthropic/A", .severity = monitor::Severity::Critical, .message = "refused", .since = {}});
  run(1);
  const auto alerts = center_.alerts(clock_.now());
  ASSERT_THAT(alerts, SizeIs(1));
  EXPECT_EQ(alerts[0].severity, monitor::AlertSeverity::Critical);
  EXPECT_TRUE(center_.acknowledge(alerts[0].id, "ada", clock_.now()));
  EXPECT_EQ(center_.alerts(clock_.now())[0].acknowledged_by, "ada");
  EXPECT_FALSE(center_.silence("none", Seconds(60), "ada", clock_.now()));
  EXPECT_TRUE(center_.silence(alerts[0].id, Seconds(60), "ada", clock_.now()));
  run(1);
  EXPECT_EQ(firing_, 0U);  // a silenced one is none for receivers
}

TEST_F(AlertCenterTest, KeepsWhatAProviderDidToItsLimits) {
  run(1);
  limit_ = 40;
  run(10);
  EXPECT_THAT(told_, ElementsAre("firing limit_changed"));
  ASSERT_THAT(center_.limit_changes(), SizeIs(1));
  EXPECT_EQ(center_.limit_changes()[0].before, 50);
}

TEST_F(AlertCenterTest, SwitchedOffItLooksAtNothing) {
  remaining_ = 0;
  run(11);
  monitor::AlertOptions off;
  off.enabled = false;
  center_.adopt(off);
  EXPECT_THAT(center_.alerts(clock_.now()), IsEmpty());
  const int asked = asked_;
  run(20);
  EXPECT_EQ(asked_, asked);
}

TEST(AlertSources, GiveTheLevelsOfRoomsButNotOfDeadPools) {
  quota::RoomBook::NamedRoom room{.provider = "anthropic", .model_group = "opus-5", .class_name = "ci", .credential = {}, .room = {}};
  quota::BucketView pool;
  pool.pool = "org-1";
  pool.levels = {{quota::Dimension::Input, 60'000, -500, 60'000, 0}};
  quota::BucketView dead = pool;
  dead.is_dead = true;
  room.room.pools = {pool, dead};
  EXPECT_THAT(pool_standings(std::vector{room}),
              ElementsAre(monitor::PoolStanding{"anthropic", "opus-5 (ci)", "org-1", "input_tokens", 60'000, -500}));
}

TEST(AlertSources, GiveBudgetsInDollarsForADayAlone) {
  quota::AccountLevel account;
  account.tenant = "web";
  account.budgets.resize(2);
  account.budgets[0].budget = {.period = quota::BudgetPeriod::Day, .unit = quota::BudgetUnit::Money, .limit = 10'000'000'000};
  account.budgets[0].spent = 8'500'000'000;
  account.budgets[1].budget = {.period = quota::BudgetPeriod::Month, .unit = quota::BudgetUnit::Money, .limit = 10'000'000'000};
  const auto standings = budget_standings(std::vector{account});
  ASSERT_THAT(standings, SizeIs(1));
  EXPECT_EQ(standings[0].owner, "web");
  EXPECT_DOUBLE_EQ(standings[0].spent.value_or(0), 8.5);
}

}  // namespace
}  // namespace tidegate::app
