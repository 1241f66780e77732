// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "operations/action_book.h"

#include <gtest/gtest.h>

namespace tidegate::operations {
namespace {

using std::chrono::minutes;

class ActionBookTest : public testing::Test {
 protected:
  ActionBookTest() {
    options_.name = "scale-up";
    options_.rules = {"exhaustion_*"};
    options_.command = {"true"};
    alert_.id = "0123456789abcdef";
    alert_.rule = "exhaustion_forecast";
    alert_.state = monitor::AlertState::Firing;
    book_.adopt({options_});
  }
  std::vector<ActionStep> fire() { return book_.look(std::vector{alert_}, clock_.now()); }
  std::vector<ActionStep> clear() { return book_.look({}, clock_.now()); }
  ActionState state() { return book_.list().at(0).state; }
  /// A whole incident; false: nothing was to run.
  bool incident() {
    const auto begun = fire();
    if (begun.empty()) return false;
    book_.finished(begun.at(0), true, "");
    book_.finished(clear().at(0), true, "");
    return true;
  }

  ManualClock clock_;
  ActionOptions options_;
  monitor::Alert alert_;
  ActionBook book_;
};

TEST_F(ActionBookTest, RunsOnceAndIsTakenBackAsTheSameIncident) {
  const auto begun = fire();
  ASSERT_EQ(begun.size(), 1U);
  EXPECT_EQ(state(), ActionState::Triggered);
  book_.begun(begun[0]);
  EXPECT_EQ(state(), ActionState::Running);
  EXPECT_TRUE(clear().empty()) << "what runs is not taken back before it has ended";
  book_.finished(begun[0], true, "ok");
  EXPECT_EQ(state(), ActionState::Done);
  EXPECT_TRUE(fire().empty());
  const auto back = clear();
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].event, ActionEvent::Return);
  EXPECT_EQ(back[0].incident, begun[0].incident);
  book_.finished(back[0], true, "ok");
  EXPECT_EQ(state(), ActionState::Returned);
}

TEST_F(ActionBookTest, OtherRulesAndSilencedAlertsBeginNothing) {
  alert_.rule = "key_lost";
  EXPECT_TRUE(fire().empty());
  alert_.rule = "exhaustion_forecast";
  alert_.silenced_until = clock_.now().wall + minutes(1);
  EXPECT_TRUE(fire().empty());
  alert_.silenced_until.reset();
  EXPECT_EQ(fire().size(), 1U);
}

TEST_F(ActionBookTest, AnAlertOfAnEarlierProcessBeginsNothingBeforeItIsFoundAgain) {
  alert_.is_remembered = true;
  EXPECT_TRUE(fire().empty());
  alert_.is_remembered = false;
  EXPECT_EQ(fire().size(), 1U);
}

TEST_F(ActionBookTest, CoolsDown) {
  EXPECT_TRUE(incident());
  EXPECT_FALSE(incident());
  EXPECT_EQ(state(), ActionState::CoolingDown);
  clock_.advance(options_.cooldown);
  EXPECT_TRUE(incident());
}

TEST_F(ActionBookTest, StopsAtTheMostOfADay) {
  options_.cooldown = Nanoseconds(0);
  options_.max_per_day = 1;
  book_.adopt({options_});
  EXPECT_TRUE(incident());
  EXPECT_FALSE(incident());
  EXPECT_EQ(state(), ActionState::LimitReached);
  clock_.advance(std::chrono::hours(24));
  EXPECT_TRUE(incident());
}

TEST_F(ActionBookTest, DryRunGivesNothingOut) {
  options_.dry_run = true;
  book_.adopt({options_});
  EXPECT_TRUE(fire().empty());
  EXPECT_EQ(state(), ActionState::DryRun);
  EXPECT_TRUE(clear().empty());
  EXPECT_EQ(state(), ActionState::Returned);
}

TEST_F(ActionBookTest, WhatIsNoLongerConfiguredIsTakenBack) {
  const auto begun = fire();
  ASSERT_EQ(begun.size(), 1U);
  book_.finished(begun[0], true, "");
  book_.adopt({});
  const auto back = fire();
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].event, ActionEvent::Return);
}

}  // namespace
}  // namespace tidegate::operations
