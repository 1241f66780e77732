// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "base/paced_clock.h"

#include <gtest/gtest.h>

namespace tidegate {
namespace {

TEST(PacedClock, RunsBothTimesFaster) {
  ManualClock machine;
  const Now start = machine.now();
  const PacedClock clock(machine, 10, start.wall);
  EXPECT_EQ(clock.now(), start);
  machine.advance(Seconds(6));
  EXPECT_EQ(clock.now().steady, start.steady + Seconds(60));
  EXPECT_EQ(clock.now().wall, start.wall + Seconds(60));
}

TEST(PacedClock, TellsTheSameWallTimeWhereverItIsMade) {
  ManualClock machine;
  const WallTime since = machine.now().wall;
  const PacedClock early(machine, 20, since);
  machine.advance(Seconds(3));
  const PacedClock late(machine, 20, since);
  machine.advance(Seconds(1));
  EXPECT_EQ(late.now().wall, early.now().wall);
  EXPECT_EQ(late.now().wall, since + Seconds(80));
}

}  // namespace
}  // namespace tidegate
