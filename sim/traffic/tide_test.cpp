// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/traffic/tide.h"

#include <gtest/gtest.h>

namespace tidegate::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(Tide, RisesAndFallsInItsPeriodBeforeTheBeginningToo) {
  const Tide tide{.period = hours(1), .swing = 0.5, .phase = 0};
  EXPECT_NEAR(tide.level(minutes(0)), 1, 1e-9);
  EXPECT_NEAR(tide.level(minutes(15)), 1.5, 1e-9);
  EXPECT_NEAR(tide.level(minutes(45)), 0.5, 1e-9);
  EXPECT_NEAR(tide.level(minutes(-15)), 0.5, 1e-9);
  EXPECT_NEAR(tide.level(hours(-71) + minutes(15)), 1.5, 1e-9);
}

TEST(Tide, BeginsAtItsPhase) {
  const Tide tide{.period = hours(1), .swing = 0.5, .phase = -0.25};
  EXPECT_NEAR(tide.level(minutes(0)), 0.5, 1e-9);
  EXPECT_NEAR(tide.level(minutes(30)), 1.5, 1e-9);
}

TEST(Tide, IsLowerAtNightEachDay) {
  const Tide tide{.period = hours(1), .swing = 0, .phase = 0, .night = 0.4};
  EXPECT_NEAR(tide.level(minutes(0)), 1, 1e-9);
  EXPECT_NEAR(tide.level(hours(8)), 1, 1e-9);
  EXPECT_NEAR(tide.level(hours(10)), 0.7, 1e-9);  // on the way down
  EXPECT_NEAR(tide.level(hours(15)), 0.4, 1e-9);
  EXPECT_NEAR(tide.level(hours(22)), 0.7, 1e-9);  // and up
  EXPECT_NEAR(tide.level(hours(15 - 72)), 0.4, 1e-9);
}

TEST(Arrivals, FollowTheTide) {
  Random random(5);
  Arrivals arrivals(2, {.period = hours(1), .swing = 0.6}, minutes(-30));
  int ebb = 0, flood = 0;
  for (Nanoseconds at = arrivals.next(random); at < minutes(30); at = arrivals.next(random))
    ++(at < Nanoseconds(0) ? ebb : flood);
  EXPECT_NEAR(ebb, 3600 * (1 - 1.2 / 3.1416), 150);  // half an hour of each
  EXPECT_NEAR(flood, 3600 * (1 + 1.2 / 3.1416), 220);
}

}  // namespace
}  // namespace tidegate::sim
