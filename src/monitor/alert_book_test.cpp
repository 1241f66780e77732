// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/alert_book.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace tidegate::monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Seconds kHold(20);

AlertRule rule_named(const std::string& name) {
  AlertRule rule;
  rule.name = name;
  rule.hold = kHold;
  rule.silence = std::chrono::hours(1);
  rule.runbook = "docs/runbooks/" + name + ".md";
  return rule;
}

AlertObservation seen(Standing standing, const std::string& subject = "pool") {
  return {.subject = subject, .standing = standing, .value = 0.1, .threshold = 0.2, .summary = "little is left", .severity = {}};
}

/// A book that one rule is asked of at moments given in seconds.
class AlertBookTest : public testing::Test {
 protected:
  Now at(int seconds) const { return {start_.steady + Seconds(seconds), start_.wall + Seconds(seconds)}; }
  /// `from>to` of each step.
  std::vector<std::string> judge(int seconds, std::vector<AlertObservation> observations) {
    std::vector<std::string> steps;
    for (const AlertChange& change : book_.judge(rule_, observations, at(seconds)))
      steps.push_back(fmt::format("{}>{}", to_string(change.from), to_string(change.to)));
    return steps;
  }
  std::vector<std::string> told(int seconds) {
    std::vector<std::string> kinds;
    for (const AlertNotice& notice : book_.due_notices(at(seconds))) kinds.emplace_back(to_string(notice.kind));
    return kinds;
  }
  std::string only_id() { return book_.list(at(0)).at(0).id; }
  /// Bad from `seconds` on until it fires and is told.
  void fire(int seconds) {
    judge(seconds, {seen(Standing::Bad)});
    judge(seconds + 20, {seen(Standing::Bad)});
    (void)told(seconds + 20);
  }

  AlertRule rule_ = rule_named("requests_remaining_low");
  AlertBook book_;
  ManualClock clock_;
  Now start_ = clock_.now();
};

TEST_F(AlertBookTest, FiresOnlyAfterItWasBadForLongEnough) {
  EXPECT_THAT(judge(0, {seen(Standing::Bad)}), ElementsAre("inactive>pending"));
  EXPECT_THAT(judge(10, {seen(Standing::Bad)}), IsEmpty());
  EXPECT_THAT(told(10), IsEmpty());
  EXPECT_THAT(judge(20, {seen(Standing::Bad)}), ElementsAre("pending>firing"));
  EXPECT_THAT(told(20), ElementsAre("firing"));
  const Alert alert = book_.list(at(20)).at(0);
  EXPECT_EQ(alert.since, at(0).wall);  // bad since, as Prometheus' activeAt
  EXPECT_EQ(alert.runbook, "docs/runbooks/requests_remaining_low.md");
}

TEST_F(AlertBookTest, WhatWasOnlyPendingIsGoneWithoutAWord) {
  judge(0, {seen(Standing::Bad)});
  EXPECT_THAT(judge(10, {seen(Standing::Between)}), ElementsAre("pending>inactive"));
  EXPECT_THAT(book_.list(at(10)), IsEmpty());
  EXPECT_THAT(judge(20, {seen(Standing::Bad)}), ElementsAre("inactive>pending"));  // `for` begins anew
  EXPECT_THAT(told(20), IsEmpty());
}

TEST_F(AlertBookTest, AFiringAlertIsOverOnlyBeyondTheHysteresis) {
  fire(0);
  EXPECT_THAT(judge(30, {seen(Standing::Between)}), IsEmpty());
  EXPECT_THAT(judge(40, {seen(Standing::Clear)}), ElementsAre("firing>resolved"));
  EXPECT_THAT(told(40), ElementsAre("resolved"));
  EXPECT_THAT(told(50), IsEmpty());
}

TEST_F(AlertBookTest, ASubjectThatIsNotNamedAnyMoreIsOver) {
  fire(0);
  EXPECT_THAT(judge(30, {}), ElementsAre("firing>resolved"));
}

TEST_F(AlertBookTest, WithoutAForItPassesThroughPendingAtOnce) {
  rule_.hold = Nanoseconds(0);
  EXPECT_THAT(judge(0, {seen(Standing::Bad)}), ElementsAre("inactive>pending", "pending>firing"));
}

TEST_F(AlertBookTest, AResolvedAlertIsShownForAQuarterOfAnHour) {
  fire(0);
  judge(30, {});
  EXPECT_EQ(book_.list(at(30)).at(0).state, AlertState::Resolved);
  EXPECT_EQ(book_.list(at(30 + 899)).size(), 1U);
  EXPECT_THAT(book_.list(at(30 + 900)), IsEmpty());
}

TEST_F(AlertBookTest, RemindsAfterTheSilenceUnlessSomebodyTookItOn) {
  fire(0);
  judge(3'619, {seen(Standing::Bad)});
  EXPECT_THAT(told(3'619), IsEmpty());
  EXPECT_THAT(told(3'620), ElementsAre("reminder"));
  EXPECT_TRUE(book_.acknowledge(only_id(), "ada"));
  EXPECT_THAT(told(9'000), IsEmpty());
  EXPECT_EQ(book_.list(at(9'000)).at(0).acknowledged_by, "ada");
}

TEST_F(AlertBookTest, AFlappingAlertIsToldOnceWithinItsSilence) {
  fire(0);
  int told_again = 0;
  for (int seconds = 30; seconds < 3'600; seconds += 30) {
    judge(seconds, {seen(seconds % 60 == 0 ? Standing::Bad : Standing::Clear)});
    judge(seconds + 25, {seen(seconds % 60 == 0 ? Standing::Bad : Standing::Clear)});
    for (const std::string& kind : told(seconds + 25)) told_again += kind == "firing" ? 1 : 0;
  }
  EXPECT_EQ(told_again, 0);
  judge(3'630, {seen(Standing::Bad)});
  judge(3'660, {seen(Standing::Bad)});
  EXPECT_THAT(told(3'660), ElementsAre("firing"));
}

TEST_F(AlertBookTest, WhoWasToldThatItIsOverHearsOfItAgainWhenItComesBackToStay) {
  fire(0);
  judge(30, {seen(Standing::Clear)});
  EXPECT_THAT(told(30), ElementsAre("resolved"));
  judge(60, {seen(Standing::Bad)});
  judge(90, {seen(Standing::Bad)});
  EXPECT_THAT(told(359), IsEmpty()) << "it may flap";
  EXPECT_THAT(told(360), ElementsAre("firing"));
  EXPECT_THAT(told(700), IsEmpty());
}

TEST_F(AlertBookTest, AFigureThatCannotBeHadChangesNothing) {
  judge(0, {seen(Standing::Bad)});
  EXPECT_THAT(judge(20, {seen(Standing::Unknown)}), IsEmpty()) << "pending stays pending";
  EXPECT_THAT(judge(30, {seen(Standing::Bad)}), ElementsAre("pending>firing"));
  EXPECT_THAT(judge(40, {seen(Standing::Unknown)}), IsEmpty()) << "firing goes on firing";
  EXPECT_EQ(book_.list(at(40)).at(0).summary, "little is left");
  EXPECT_THAT(judge(50, {seen(Standing::Clear)}), ElementsAre("firing>resolved"));
  EXPECT_THAT(judge(60, {seen(Standing::Unknown)}), IsEmpty());
}

TEST_F(AlertBookTest, TheEndSaysHowBadItWasToldToBe) {
  rule_.hold = Nanoseconds(0);
  AlertObservation worst = seen(Standing::Bad);
  worst.severity = AlertSeverity::Critical;
  judge(0, {worst});
  (void)told(0);
  judge(10, {seen(Standing::Bad)});
  EXPECT_THAT(told(3'600), ElementsAre("reminder")) << "less bad by now";
  judge(3'610, {seen(Standing::Clear)});
  const auto notices = book_.due_notices(at(3'610));
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].alert.severity, AlertSeverity::Warning);
  EXPECT_EQ(notices[0].worst_told, AlertSeverity::Critical);
  judge(9'000, {seen(Standing::Bad)});
  (void)told(9'000);
  judge(9'010, {});
  EXPECT_EQ(book_.due_notices(at(9'010)).at(0).worst_told, AlertSeverity::Warning) << "of another life";
}

TEST_F(AlertBookTest, WhatGetsWorseIsToldAtOnce) {
  fire(0);
  AlertObservation worse = seen(Standing::Bad);
  worse.severity = AlertSeverity::Critical;
  judge(30, {worse});
  EXPECT_THAT(told(30), ElementsAre("firing"));
  EXPECT_THAT(told(31), IsEmpty());
}

TEST_F(AlertBookTest, ASilencedAlertIsToldWhenTheSilenceIsOverAndItStillFires) {
  judge(0, {seen(Standing::Bad)});
  EXPECT_TRUE(book_.silence(only_id(), at(600).wall));
  judge(20, {seen(Standing::Bad)});
  EXPECT_THAT(told(20), IsEmpty());
  EXPECT_THAT(told(599), IsEmpty());
  EXPECT_THAT(told(600), ElementsAre("firing"));
}

TEST_F(AlertBookTest, ASilenceOutlivesTheAlert) {
  fire(0);
  EXPECT_TRUE(book_.silence(only_id(), at(7'200).wall));
  judge(30, {});
  judge(3'700, {});  // long after it was shown last
  judge(3'800, {seen(Standing::Bad)});
  judge(3'900, {seen(Standing::Bad)});
  EXPECT_THAT(told(3'900), IsEmpty());
}

TEST_F(AlertBookTest, KnowsNoAlertThatIsNotThere) {
  EXPECT_FALSE(book_.acknowledge("0000000000000000", "ada"));
  EXPECT_FALSE(book_.silence("0000000000000000", at(1).wall));
  fire(0);
  judge(30, {});
  EXPECT_FALSE(book_.acknowledge(only_id(), "ada"));  // it is over
}

TEST_F(AlertBookTest, ManySubjectsStayBoundedAndLeaveRoomForOtherRules) {
  std::vector<AlertObservation> many;
  for (int i = 0; i < 2'000; ++i) many.push_back(seen(Standing::Bad, fmt::format("model-{}", i)));
  judge(0, many);
  EXPECT_EQ(book_.list(at(0)).size(), AlertBook::kMostAlerts / 2);
  EXPECT_EQ(book_.judge(rule_named("key_lost"), std::vector{seen(Standing::Bad)}, at(0)).size(), 1U);
  EXPECT_LE(book_.history().size(), AlertBook::kMostHistory);
}

TEST_F(AlertBookTest, BringsTheFiguresFromBeforeItWasBad) {
  rule_.source = AlertSource::Requests;
  for (int i = 0; i < 40; ++i) {
    AlertObservation observation = seen(i < 38 ? Standing::Clear : Standing::Bad);
    observation.value = i;
    judge(i * 20, {observation});
  }
  const Alert alert = book_.list(at(800)).at(0);
  EXPECT_EQ(alert.state, AlertState::Firing);
  ASSERT_EQ(alert.recent.size(), AlertBook::kMostRecent);
  EXPECT_EQ(alert.recent.front(), 10);
  EXPECT_EQ(alert.recent.back(), 39);
}

TEST_F(AlertBookTest, ARuleThatIsGoneLeavesNothing) {
  fire(0);
  book_.forget_rules_but({});
  EXPECT_THAT(book_.list(at(30)), IsEmpty());
  EXPECT_THAT(told(30), IsEmpty());
}

TEST(AlertId, IsTheSameEachTimeAndTellsRuleFromSubject) {
  EXPECT_EQ(alert_id("key_lost", "a"), alert_id("key_lost", "a"));
  EXPECT_NE(alert_id("key_lost", "a"), alert_id("key_los", "ta"));
  EXPECT_EQ(alert_id("a", "b").size(), 16U);
}

/// What must hold whatever happens, over random weather.
TEST(AlertBookProperty, StatesFollowOneAnotherAndEveryTellingHasItsReason) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    AlertBook book;
    AlertRule rule = rule_named("requests_remaining_low");
    rule.hold = Seconds(random() % 40);
    rule.silence = Seconds(random() % 3 == 0 ? 0 : random() % 600);
    ManualClock clock;
    std::map<std::string, AlertState> states;
    std::map<std::string, SteadyTime> bad_since, told_at;
    std::set<std::string> open;  // told as firing, not yet as resolved
    for (int round = 0; round < 400; ++round) {
      clock.advance(Seconds(1 + random() % 20));
      const Now now = clock.now();
      std::vector<AlertObservation> observations;
      std::map<std::string, Standing> standings;
      for (const char* subject : {"a", "b", "c"}) {
        if (random() % 10 == 0) continue;  // nothing known of it
        const auto standing = static_cast<Standing>(random() % 4);
        observations.push_back(seen(standing, subject));
        standings[subject] = standing;
      }
      for (const char* subject : {"a", "b", "c"}) {
        const bool is_bad = standings.contains(subject) && standings[subject] == Standing::Bad;
        if (is_bad) bad_since.try_emplace(subject, now.steady);
        const bool was_firing = states[subject] == AlertState::Firing;
        const bool is_unknown = standings.contains(subject) && standings[subject] == Standing::Unknown;
        if (!is_bad && !was_firing && !is_unknown) bad_since.erase(subject);
      }
      for (const AlertChange& change : book.judge(rule, observations, now)) {
        const std::string& subject = change.alert.subject;
        ASSERT_EQ(change.from, states[subject]) << "seed " << seed;
        states[subject] = change.to;
        switch (change.to) {
          case AlertState::Pending: ASSERT_TRUE(change.from == AlertState::Inactive || change.from == AlertState::Resolved); break;
          case AlertState::Firing:
            ASSERT_EQ(change.from, AlertState::Pending);
            ASSERT_GE(now.steady - bad_since.at(subject), rule.hold);
            break;
          case AlertState::Resolved:
            ASSERT_EQ(change.from, AlertState::Firing);
            ASSERT_TRUE(!standings.contains(subject) || standings[subject] == Standing::Clear);
            bad_since.erase(subject);
            break;
          case AlertState::Inactive: ASSERT_EQ(change.from, AlertState::Pending); break;
        }
        if (change.to == AlertState::Inactive) states[subject] = AlertState::Inactive;
      }
      for (const AlertNotice& notice : book.due_notices(now)) {
        const std::string& subject = notice.alert.subject;
        if (notice.kind == AlertNotice::Kind::Resolved) {
          ASSERT_EQ(open.erase(subject), 1U) << "told that it is over, but never that it was there; seed " << seed;
          continue;
        }
        ASSERT_EQ(states[subject], AlertState::Firing);
        const bool lasts = !open.contains(subject) && now.steady - bad_since.at(subject) >= AlertBook::kLasting;
        if (told_at.contains(subject) && !lasts) {
          ASSERT_GE(now.steady - told_at[subject], rule.silence);
        }
        told_at[subject] = now.steady;
        open.insert(subject);
      }
    }
  }
}

}  // namespace
}  // namespace tidegate::monitor
