// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/clock_watch.h"

#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

Now at(Nanoseconds steady, Nanoseconds wall) {
  return {.steady = SteadyTime(steady), .wall = WallTime(std::chrono::duration_cast<WallTime::duration>(wall))};
}

TEST(ClockWatch, TellsHowFarTheWallClockJumpedOnce) {
  ClockWatch watch;
  EXPECT_EQ(watch.look(at(Seconds(0), Seconds(1'000))), std::nullopt);
  EXPECT_EQ(watch.look(at(Seconds(1), Seconds(1'001))), std::nullopt);
  EXPECT_EQ(watch.look(at(Seconds(2), Seconds(4'602))), Seconds(3'600));
  EXPECT_EQ(watch.look(at(Seconds(3), Seconds(4'603))), std::nullopt);
  EXPECT_EQ(watch.look(at(Seconds(4), Seconds(4'544))), Seconds(-60));
}

TEST(ClockWatch, LetsATimeServiceCorrectALittle) {
  ClockWatch watch;
  EXPECT_EQ(watch.look(at(Seconds(0), Seconds(0))), std::nullopt);
  EXPECT_EQ(watch.look(at(Seconds(10), Seconds(10) + Milliseconds(900))), std::nullopt);
}

}  // namespace
}  // namespace tidegate::app
