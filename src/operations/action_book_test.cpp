// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "operations/action_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::operations {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

tl::unexpected<Failure> no(Retry retry = Retry::Later) { return fail(FailureKind::Protocol, Origin::Upstream, "answered 500", retry); }

class ActionBookTest : public testing::Test {
 protected:
  ActionBookTest() {
    options_.name = "scale-up";
    options_.rules = {"exhaustion_*"};
    options_.command = {"true"};
    options_.keep = Nanoseconds(0);
    alert_.id = "0123456789abcdef";
    alert_.rule = "exhaustion_forecast";
    alert_.state = monitor::AlertState::Firing;
    book_.adopt({options_});
  }
  std::vector<ActionStep> fire() { return book_.look(std::vector{alert_}, clock_.now()); }
  std::vector<ActionStep> clear() { return book_.look({}, clock_.now()); }
  void finish(const ActionStep& step, Result<std::string> result = "ok") { book_.finished(step, result, clock_.now()); }
  ActionState state() { return standing().state; }
  ActionStanding standing() { return book_.list(clock_.now().wall).at(0); }
  /// What people are told since the last time.
  std::vector<std::string> told() {
    std::vector<std::string> texts;
    for (const ActionWord& word : book_.take_words()) {
      if (word.is_for_people) texts.push_back(to_text(word.note));
    }
    return texts;
  }
  /// A whole incident; false: nothing was to run.
  bool incident() {
    const auto begun = fire();
    if (begun.empty()) return false;
    finish(begun.at(0));
    finish(clear().at(0));
    return true;
  }
  /// The book of the next process, which finds what this one has stored.
  ActionBook restarted(std::vector<ActionStep>* steps = nullptr) {
    const auto stored = book_.take_changes();
    ActionBook next;
    next.adopt({options_});
    auto again = next.restore(stored, clock_.now());
    if (steps != nullptr) *steps = std::move(again);
    return next;
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
  finish(begun[0]);
  EXPECT_EQ(state(), ActionState::Done);
  EXPECT_TRUE(fire().empty());
  const auto back = clear();
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].event, ActionEvent::Return);
  EXPECT_EQ(back[0].incident, begun[0].incident);
  finish(back[0]);
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
  finish(begun[0]);
  book_.adopt({});
  const auto back = fire();
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].event, ActionEvent::Return);
}

TEST_F(ActionBookTest, PeopleAreToldOfItsBeginAndItsEnd) {
  const auto begun = fire();
  EXPECT_THAT(told(), ElementsAre("scale-up triggered, expected back in 5m"));
  finish(begun.at(0));
  EXPECT_THAT(told(), IsEmpty());
  clock_.advance(minutes(4));
  const auto back = clear();
  finish(back.at(0), "the webhook took it");
  EXPECT_THAT(told(), ElementsAre("scale-up is back: the alert is over after 4m; the webhook took it"));
}

TEST_F(ActionBookTest, PeopleAreToldOnceThatItDidNotHelp) {
  finish(fire().at(0));
  clock_.advance(minutes(5) - Seconds(1));
  (void)fire();
  (void)told();
  clock_.advance(Seconds(1));
  (void)fire();
  EXPECT_THAT(told(), ElementsAre("scale-up did not help: the alert still fires after 5m"));
  clock_.advance(minutes(5));
  (void)fire();
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(ActionBookTest, WhatFailsIsTriedAgainLaterEachTimeAndThenGivenUp) {
  options_.attempts = 3;
  book_.adopt({options_});
  const auto first = fire();
  (void)told();
  finish(first.at(0), no());
  EXPECT_EQ(state(), ActionState::Retrying);
  EXPECT_THAT(told(), ElementsAre("scale-up failed: answered 500; attempt 2 of 3 in 5s"));
  clock_.advance(Seconds(4));
  EXPECT_THAT(fire(), IsEmpty());
  clock_.advance(Seconds(1));
  const auto second = fire();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].incident, first[0].incident) << "whoever carries it out sees that it is the same";
  EXPECT_EQ(second[0].attempt, 2U);
  finish(second[0], no());
  EXPECT_THAT(told(), IsEmpty()) << "each attempt is in the audit";
  clock_.advance(Seconds(20));
  finish(fire().at(0), no());
  EXPECT_EQ(state(), ActionState::Failed);
  EXPECT_THAT(told(), ElementsAre("scale-up failed after 3 attempts: answered 500; it is not tried again"));
  clock_.advance(std::chrono::hours(1));
  EXPECT_THAT(fire(), IsEmpty());
  EXPECT_EQ(clear().at(0).event, ActionEvent::Return) << "an attempt may have done its work for all that";
}

TEST_F(ActionBookTest, WhatCannotGetBetterIsNotTriedAgain) {
  finish(fire().at(0), no(Retry::Never));
  EXPECT_EQ(state(), ActionState::Failed);
}

TEST_F(ActionBookTest, AnAttemptThatIsNoLongerWantedIsNotMade) {
  finish(fire().at(0), no());
  clock_.advance(minutes(1));
  const auto back = clear();
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].event, ActionEvent::Return);
}

TEST_F(ActionBookTest, ThatItWorkedAtLastIsNews) {
  finish(fire().at(0), no());
  clock_.advance(Seconds(5));
  const auto second = fire();
  (void)told();
  finish(second.at(0), "ended well");
  EXPECT_THAT(told(), ElementsAre("scale-up worked at last: ended well"));
}

TEST_F(ActionBookTest, AReturnThatFailsForGoodIsLeftToPeople) {
  finish(fire().at(0));
  (void)told();
  finish(clear().at(0), no(Retry::Never));
  EXPECT_THAT(told(), ElementsAre(HasSubstr("could not be taken back: answered 500")));
  clock_.advance(std::chrono::hours(1));
  EXPECT_THAT(clear(), IsEmpty());
  const auto again = book_.take_back("scale-up", "ada", clock_.now());
  ASSERT_TRUE(again && *again);
  finish(**again);
  EXPECT_EQ(state(), ActionState::Returned);
  EXPECT_EQ(standing().incident, "");
}

TEST_F(ActionBookTest, StaysInPlaceForAsLongAsItIsToBeKept) {
  options_.keep.reset();
  options_.cooldown = Nanoseconds(0);
  book_.adopt({options_});
  finish(fire().at(0));
  clock_.advance(minutes(2));
  EXPECT_THAT(clear(), IsEmpty());
  EXPECT_THAT(standing().detail, HasSubstr("the alert is over, and it is kept until"));
  clock_.advance(minutes(10));
  EXPECT_THAT(fire(), IsEmpty()) << "it is in place already";
  EXPECT_THAT(standing().detail, HasSubstr("the alert is back"));
  clock_.advance(minutes(18) - Seconds(1));
  EXPECT_THAT(clear(), IsEmpty());
  (void)told();
  clock_.advance(Seconds(1));
  finish(clear().at(0));
  EXPECT_THAT(told(), ElementsAre("scale-up is back: the alert is over, and it was in place for 30m; ok"));
  options_.kind = ActionKind::PauseBatch;
  book_.adopt({options_});
  finish(fire().at(0));
  clock_.advance(minutes(5) - Seconds(1));
  EXPECT_THAT(clear(), IsEmpty());
  clock_.advance(Seconds(1));
  EXPECT_THAT(clear(), SizeIs(1)) << "what is moved here is moved again at no cost";
}

TEST_F(ActionBookTest, WhatFailedOrSomebodyTakesBackIsNotKept) {
  options_.keep.reset();
  book_.adopt({options_});
  finish(fire().at(0), no(Retry::Never));
  const auto back = clear();
  ASSERT_THAT(back, SizeIs(1)) << "an attempt may have done its work for all that";
  finish(back[0]);
  clock_.advance(options_.cooldown);
  finish(fire().at(0));
  const auto asked = book_.take_back("scale-up", "ada", clock_.now());
  EXPECT_TRUE(asked && *asked);
}

TEST_F(ActionBookTest, ARestartKeepsWhatIsToBeKept) {
  options_.keep = minutes(20);
  book_.adopt({options_});
  finish(fire().at(0));
  clock_.advance(minutes(4));
  ActionBook next = restarted();
  clock_.advance(minutes(15));
  EXPECT_THAT(next.look({}, clock_.now()), IsEmpty());
  clock_.advance(minutes(1));
  EXPECT_THAT(next.look({}, clock_.now()), SizeIs(1));
}

TEST_F(ActionBookTest, ThatItDoesNotRunIsSaidOnce) {
  EXPECT_TRUE(incident());
  (void)told();
  for (int i = 0; i < 3; ++i) EXPECT_THAT(fire(), IsEmpty());
  EXPECT_THAT(told(), ElementsAre("scale-up is not run: it ran less than 10m ago"));
}

TEST_F(ActionBookTest, ADryRunSaysWhatWouldBeDone) {
  options_.dry_run = true;
  book_.adopt({options_});
  (void)fire();
  (void)clear();
  EXPECT_THAT(told(), ElementsAre("scale-up dry run: command would be done", "scale-up dry run: would be taken back"));
}

TEST_F(ActionBookTest, WhatSomebodyAskedForStaysUntilSomebodyTakesItBack) {
  const auto asked = book_.run("", "ada", clock_.now());
  ASSERT_TRUE(asked && *asked) << "there is only one";
  EXPECT_EQ((*asked)->alert.rule, ActionBook::kByHand);
  EXPECT_THAT(told(), ElementsAre("scale-up triggered, expected back in 5m (ada asked for it)"));
  EXPECT_THAT(book_.run("scale-up", "bob", clock_.now()).error().detail, HasSubstr("is at work"));
  finish(**asked);
  EXPECT_THAT(book_.run("scale-up", "bob", clock_.now()).error().detail, HasSubstr("not taken back yet"));
  EXPECT_THAT(fire(), IsEmpty());
  EXPECT_THAT(clear(), IsEmpty());
  EXPECT_EQ(standing().by, "ada");
  const auto back = book_.take_back("scale-up", "bob", clock_.now());
  ASSERT_TRUE(back && *back);
  (void)told();
  finish(**back, "undone");
  EXPECT_THAT(told(), ElementsAre("scale-up is back: after 0s; undone (bob asked for it)"));
  EXPECT_EQ(book_.take_back("scale-up", "bob", clock_.now()).error().kind, FailureKind::NotFound);
}

TEST_F(ActionBookTest, BoundsHoldForWhoAsksToo) {
  options_.max_per_day = 1;
  options_.cooldown = Nanoseconds(0);
  book_.adopt({options_});
  EXPECT_TRUE(incident());
  const auto asked = book_.run("scale-up", "ada", clock_.now());
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().kind, FailureKind::Exhausted);
  EXPECT_THAT(asked.error().detail, HasSubstr("has run 1 times today"));
  EXPECT_THAT(book_.run("scale-down", "ada", clock_.now()).error().detail, HasSubstr("there are: scale-up"));
}

TEST_F(ActionBookTest, WhatSomebodyTookBackDoesNotRunAgainWhileTheAlertLasts) {
  options_.cooldown = Nanoseconds(0);
  book_.adopt({options_});
  finish(fire().at(0));
  finish(**book_.take_back("scale-up", "ada", clock_.now()));
  EXPECT_THAT(fire(), IsEmpty());
  (void)clear();
  EXPECT_EQ(fire().size(), 1U);
}

TEST_F(ActionBookTest, ARestartTakesBackWhatIsNoLongerNeeded) {
  const auto begun = fire();
  finish(begun.at(0));
  ActionBook next = restarted();
  EXPECT_THAT(next.look({}, clock_.now()), IsEmpty()) << "rules must find out first what is bad";
  clock_.advance(ActionBook::kGrace);
  alert_.state = monitor::AlertState::Pending;
  EXPECT_THAT(next.look(std::vector{alert_}, clock_.now()), IsEmpty());
  const auto back = next.look({}, clock_.now());
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].event, ActionEvent::Return);
  EXPECT_EQ(back[0].incident, begun[0].incident);
  EXPECT_EQ(back[0].alert.rule, "exhaustion_forecast");
  next.finished(back[0], "ok", clock_.now());
  EXPECT_EQ(next.take_changes().at(0).incident, "") << "and only once";
}

TEST_F(ActionBookTest, ARestartGoesOnWithWhatStillFires) {
  finish(fire().at(0));
  ActionBook next = restarted();
  EXPECT_THAT(next.look(std::vector{alert_}, clock_.now()), IsEmpty()) << "it is in place already";
  EXPECT_EQ(next.look({}, clock_.now()).size(), 1U) << "whoever fired after the restart needs no grace";
}

TEST_F(ActionBookTest, ARestartForgetsNoBounds) {
  EXPECT_TRUE(incident());
  clock_.advance(minutes(3));
  ActionBook next = restarted();
  EXPECT_EQ(next.list(clock_.now().wall).at(0).runs_today, 1U);
  EXPECT_THAT(next.run("scale-up", "ada", clock_.now()).error().detail, HasSubstr("ran less than 10m ago"));
  clock_.advance(minutes(7));
  EXPECT_TRUE(next.run("scale-up", "ada", clock_.now()));
}

TEST_F(ActionBookTest, ARestartPutsInForceAgainWhatEndedWithTheProcess) {
  options_.kind = ActionKind::PauseBatch;
  book_.adopt({options_});
  finish(fire().at(0));
  std::vector<ActionStep> again;
  ActionBook next = restarted(&again);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].event, ActionEvent::Trigger);
  EXPECT_TRUE(again[0].is_restored);
  next.finished(again[0], "batch waits", clock_.now());
  EXPECT_EQ(next.list(clock_.now().wall).at(0).state, ActionState::Done);
}

TEST_F(ActionBookTest, ARestartWithoutItsConfigurationReturnsATenantsLimitsAndTellsOfTheRest) {
  options_.kind = ActionKind::TenantLimit;
  book_.adopt({options_});
  finish(fire().at(0));
  std::vector<store::StoredAction> stored = book_.take_changes();
  stored.push_back(stored[0]);
  stored[1].name = "call";
  stored[1].kind = "webhook";
  ActionBook next;
  next.adopt({});
  EXPECT_THAT(next.restore(stored, clock_.now()), IsEmpty());
  const auto words = next.take_words();
  ASSERT_EQ(words.size(), 1U);
  EXPECT_THAT(to_text(words[0].note), HasSubstr("call was triggered before the restart and is no longer configured"));
  const auto back = next.look({}, clock_.now());
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].options.kind, ActionKind::TenantLimit);
  EXPECT_EQ(back[0].event, ActionEvent::Return);
}

}  // namespace
}  // namespace tidegate::operations
