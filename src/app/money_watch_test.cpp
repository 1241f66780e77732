// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/money_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tidegate::app {
namespace {

using testing::HasSubstr;

class MoneyWatchTest : public ::testing::Test {
 protected:
  MoneyWatchTest() {
    clock_.set_wall(parse_rfc3339("2026-05-01T12:00:00Z").value());
    configure({{.name = "RED", .organisation = "org-1", .workspace = {}},
               {.name = "ROSE", .organisation = "org-1", .workspace = {}},
               {.name = "BLUE", .organisation = "org-2", .workspace = {}}});
  }
  void configure(std::vector<quota::KeySpec> keys) {
    quota::ProviderPlan plan;
    plan.provider = "anthropic";
    plan.keys = std::move(keys);
    rooms_.configure({}, std::span(&plan, 1));
  }
  std::vector<Alarm> look() {
    watch_.look(rooms_, alarms_, clock_.now());
    return alarms_.list();
  }

  ManualClock clock_;
  quota::RoomBook rooms_{clock_};
  AlarmBoard alarms_;
  MoneyWatch watch_;
};

TEST_F(MoneyWatchTest, TellsThePoolAndUntilWhenItIsNotAskedUntilAnAnswerOfItSucceeds) {
  EXPECT_TRUE(look().empty());
  EXPECT_FALSE(rooms_.has_spent_money());
  const SteadyTime sent_before = clock_.now().steady;
  clock_.advance(Seconds(1));
  rooms_.money_spent("anthropic", "RED", nullptr);
  ASSERT_EQ(look().size(), 1U);
  EXPECT_EQ(look()[0].kind, "money_spent");
  EXPECT_EQ(look()[0].subject, "anthropic/org-1");
  EXPECT_EQ(look()[0].severity, Severity::Critical);
  EXPECT_THAT(look()[0].message, HasSubstr("not asked until 2026-05-01T12:15:01Z"));
  EXPECT_TRUE(rooms_.has_spent_money());
  clock_.advance(Seconds(901));
  EXPECT_THAT(look()[0].message, HasSubstr("the next request looks"));
  rooms_.money_spent("anthropic", "ROSE", nullptr);
  ASSERT_EQ(look().size(), 1U) << "the same pool";
  EXPECT_THAT(look()[0].message, HasSubstr("until 2026-05-01T12:30:02Z"));
  clock_.advance(Seconds(1));
  rooms_.money_works("anthropic", "BLUE", clock_.now().steady);
  rooms_.money_works("anthropic", "RED", sent_before);
  EXPECT_EQ(look().size(), 1U) << "neither another organisation's answer nor one that was asked for while there was money";
  rooms_.money_works("anthropic", "RED", clock_.now().steady);
  EXPECT_TRUE(look().empty());
  EXPECT_FALSE(rooms_.has_spent_money());
}

TEST_F(MoneyWatchTest, TellsOfAKeyThatIsRefusedForMoneyToo) {
  quota::KeyRing& ring = *rooms_.keys("anthropic");
  ASSERT_TRUE(ring.refuse("BLUE", quota::KeyRing::Fault::Billing, clock_.now().steady));
  ASSERT_TRUE(ring.refuse("RED", quota::KeyRing::Fault::Authentication, clock_.now().steady));
  ASSERT_EQ(look().size(), 1U);
  EXPECT_EQ(look()[0].subject, "anthropic/org-2");
  EXPECT_THAT(look()[0].message, HasSubstr("not asked until 2026-05-01T12:01:00Z"));
  EXPECT_TRUE(ring.accept("BLUE"));
  EXPECT_TRUE(look().empty());
}

TEST_F(MoneyWatchTest, APoolThatNobodyUsesAnyMoreIsNobodysConcern) {
  rooms_.money_spent("anthropic", "RED", nullptr);
  EXPECT_EQ(look().size(), 1U);
  configure({{.name = "BLUE", .organisation = "org-2", .workspace = {}}});
  EXPECT_TRUE(look().empty());
}

}  // namespace
}  // namespace tidegate::app
