// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/clock_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ClockWatchTest : public ::testing::Test {
 protected:
  ClockWatchTest() {
    clock_.set_wall(parse_rfc3339("2026-05-01T12:00:00Z").value());
    look();
  }
  void look() { watch_.look(alarms_, clock_.now()); }
  /// Somebody sets the wall clock; the steady one does not follow.
  void set_forward(Nanoseconds by) { clock_.set_wall(clock_.now().wall + std::chrono::duration_cast<WallTime::duration>(by)); }

  ManualClock clock_;
  AlarmBoard alarms_;
  ClockWatch watch_;
};

TEST_F(ClockWatchTest, TellsHowFarTheWallClockWasSetForTenMinutes) {
  clock_.advance(Seconds(1));
  look();
  EXPECT_THAT(alarms_.list(), IsEmpty());

  clock_.advance(Seconds(1));
  set_forward(std::chrono::hours(1));
  look();
  ASSERT_THAT(alarms_.list(), SizeIs(1));
  EXPECT_EQ(alarms_.list()[0].kind, "clock");
  EXPECT_EQ(alarms_.list()[0].severity, Severity::Warning);
  EXPECT_EQ(alarms_.list()[0].since, clock_.now().wall);
  EXPECT_EQ(alarms_.list()[0].message,
            "the machine's clock was set forward by 1h: days and hours in the ledger, and the expiry of keys and certificates, "
            "follow it from here on; check the time service (`timedatectl`)");

  clock_.advance(std::chrono::minutes(10));
  look();
  EXPECT_THAT(alarms_.list(), SizeIs(1));
  clock_.advance(Seconds(1));
  look();
  EXPECT_THAT(alarms_.list(), IsEmpty());
}

TEST_F(ClockWatchTest, TellsOfAClockThatWasSetBackAndOfTheLatestChange) {
  set_forward(std::chrono::minutes(5));
  look();
  clock_.advance(std::chrono::minutes(9));
  set_forward(-Seconds(60));
  look();
  ASSERT_THAT(alarms_.list(), SizeIs(1));
  EXPECT_THAT(alarms_.list()[0].message, HasSubstr("was set back by 1m: "));
  clock_.advance(std::chrono::minutes(9));
  look();
  EXPECT_THAT(alarms_.list(), SizeIs(1)) << "ten minutes from the latest change on";
}

TEST_F(ClockWatchTest, LetsATimeServiceCorrectALittle) {
  clock_.advance(Seconds(10));
  set_forward(-Milliseconds(900));
  look();
  EXPECT_THAT(alarms_.list(), IsEmpty());
}

}  // namespace
}  // namespace tidegate::app
