// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/alert_book.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

AlertObservation seen(Standing standing) {
  return {.subject = "pool",
          .standing = standing,
          .value = 0.1,
          .threshold = 0.2,
          .summary = "little is left",
          .severity = {}};
}

/// A book, and the one of the process that comes after it, whose steady clock begins anew. Seconds count from the first
/// one's start.
class AlertMemoryTest : public testing::Test {
 protected:
  AlertMemoryTest() {
    rule_.name = "requests_remaining_low";
    rule_.hold = Seconds(20);
    rule_.silence = std::chrono::hours(1);
  }
  Now at(int seconds) const {
    return {(second_ ? SteadyTime(Seconds(-5'000)) : SteadyTime(Seconds(90'000))) + Seconds(seconds),
            start_ + Seconds(seconds)};
  }
  AlertBook& book() { return second_ ? *second_ : first_; }
  void judge(int seconds, std::vector<AlertObservation> observations) {
    (void)book().judge(rule_, observations, at(seconds));
  }
  std::vector<std::string> told(int seconds) {
    std::vector<std::string> kinds;
    for (const AlertNotice& notice : book().due_notices(at(seconds))) kinds.emplace_back(to_string(notice.kind));
    return kinds;
  }
  /// Fires and is told after 20 s.
  void fire() {
    judge(0, {seen(Standing::Bad)});
    judge(20, {seen(Standing::Bad)});
    ASSERT_THAT(told(20), ElementsAre("firing"));
  }
  /// The first process ends, all of whose messages until `delivered` have arrived, and the second one begins.
  void restart(int seconds, int delivered) {
    std::vector<AlertStanding> standings = first_.standings(at(seconds), at(delivered).steady);
    std::vector<AlertChange> steps(first_.history().rbegin(), first_.history().rend());
    second_.emplace();
    second_->restore(std::move(standings), std::move(steps), at(seconds));
  }
  std::vector<Alert> list(int seconds) { return book().list(at(seconds)); }
  std::string id() const { return alert_id(rule_.name, "pool"); }

  AlertRule rule_;
  const WallTime start_ = wall_time_from_unix_nanoseconds(1'795'000'000'000'000'000);
  AlertBook first_;
  std::optional<AlertBook> second_;
};

TEST_F(AlertMemoryTest, WhatFiredFiresOnIsNotToldAgainAndSomebodyStillHasIt) {
  fire();
  ASSERT_TRUE(first_.acknowledge(id(), "ada"));
  restart(100, 100);
  ASSERT_THAT(list(101), SizeIs(1));
  EXPECT_EQ(list(101)[0].state, AlertState::Firing);
  EXPECT_TRUE(list(101)[0].is_remembered);
  EXPECT_EQ(list(101)[0].acknowledged_by, "ada");
  EXPECT_EQ(list(101)[0].since, start_);
  judge(102, {seen(Standing::Bad)});
  EXPECT_FALSE(list(102)[0].is_remembered);
  EXPECT_THAT(told(102), IsEmpty());
  judge(200, {seen(Standing::Clear)});
  EXPECT_THAT(told(200), ElementsAre("resolved"));
  const AlertChange& end = book().history().front();
  EXPECT_EQ(end.alert.began, start_);
  EXPECT_EQ(end.at, start_ + Seconds(200));
  EXPECT_EQ(end.alert.acknowledged_by, "ada");
  EXPECT_EQ(book().history().size(), 3U) << "two steps of the first process, one of the second";
}

TEST_F(AlertMemoryTest, IsNotOverBeforeFiguresHadTimeToCome) {
  fire();
  restart(100, 100);
  judge(101, {});
  judge(399, {});
  EXPECT_EQ(list(399)[0].state, AlertState::Firing);
  EXPECT_THAT(told(399), IsEmpty());
  judge(400, {});
  EXPECT_EQ(list(400)[0].state, AlertState::Resolved);
  EXPECT_THAT(told(400), ElementsAre("resolved"));
}

TEST_F(AlertMemoryTest, WhatMayNotHaveArrivedIsToldAgain) {
  fire();
  restart(21, 20);
  EXPECT_THAT(told(22), IsEmpty()) << "nothing says yet that it is still so";
  judge(23, {seen(Standing::Bad)});
  EXPECT_THAT(told(23), ElementsAre("firing"));
}

TEST_F(AlertMemoryTest, AnEndThatMayNotHaveArrivedIsToldAgain) {
  fire();
  judge(60, {seen(Standing::Clear)});
  ASSERT_THAT(told(60), ElementsAre("resolved"));
  restart(61, 60);
  judge(62, {});
  EXPECT_THAT(told(62), ElementsAre("resolved"));
  EXPECT_THAT(told(63), IsEmpty());
}

TEST_F(AlertMemoryTest, AnEndThatHasArrivedIsNotToldAgainNorIsAnAlertThatFlaps) {
  fire();
  judge(60, {seen(Standing::Clear)});
  ASSERT_THAT(told(60), ElementsAre("resolved"));
  restart(90, 90);
  judge(91, {});
  EXPECT_THAT(told(91), IsEmpty());
  judge(100, {seen(Standing::Bad)});
  judge(120, {seen(Standing::Bad)});
  EXPECT_THAT(told(120), IsEmpty());
  judge(3'621, {seen(Standing::Bad)});
  EXPECT_THAT(told(3'621), ElementsAre("firing"));
}

TEST_F(AlertMemoryTest, ASilenceOutlivesTheProcess) {
  fire();
  ASSERT_TRUE(first_.silence(id(), at(7'200).wall));
  judge(60, {seen(Standing::Clear)});
  restart(100, 100);
  judge(200, {seen(Standing::Bad)});
  judge(220, {seen(Standing::Bad)});
  judge(7'199, {seen(Standing::Bad)});
  EXPECT_THAT(told(7'199), IsEmpty());
  judge(7'200, {seen(Standing::Bad)});
  EXPECT_THAT(told(7'200), ElementsAre("firing"));
}

TEST_F(AlertMemoryTest, WhatWasPendingWaitsAnew) {
  judge(0, {seen(Standing::Bad)});
  ASSERT_TRUE(first_.acknowledge(id(), "ada"));
  restart(10, 10);
  judge(50, {seen(Standing::Bad)});
  EXPECT_EQ(list(50)[0].state, AlertState::Pending);
  EXPECT_EQ(list(50)[0].acknowledged_by, "ada");
  judge(70, {seen(Standing::Bad)});
  EXPECT_EQ(list(70)[0].state, AlertState::Firing);
}

TEST_F(AlertMemoryTest, APastThatIsReadLateTakesNothingFromThePresent) {
  fire();
  ASSERT_TRUE(first_.acknowledge(id(), "ada"));
  const std::vector<AlertStanding> standings = first_.standings(at(30), at(30).steady);
  std::vector<AlertChange> steps(first_.history().rbegin(), first_.history().rend());
  second_.emplace();
  judge(40, {seen(Standing::Bad)});
  second_->restore(standings, std::move(steps), at(41));
  EXPECT_FALSE(list(41)[0].is_remembered);
  EXPECT_EQ(list(41)[0].since, start_ + Seconds(40));
  EXPECT_EQ(list(41)[0].acknowledged_by, "ada");
  ASSERT_EQ(book().history().size(), 3U);
  EXPECT_EQ(book().history().front().at, start_ + Seconds(40));
  EXPECT_EQ(book().history().back().at, start_);
}

TEST_F(AlertMemoryTest, RemembersNothingOfWhatNeedsNoMemory) {
  judge(0, {seen(Standing::Bad)});
  EXPECT_THAT(first_.standings(at(1), at(1).steady), IsEmpty());
}

}  // namespace
}  // namespace tidegate::monitor
