// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/tempo.h"

#include <gtest/gtest.h>

namespace tidegate::quota {
namespace {

constexpr SteadyTime at(double seconds) { return SteadyTime(Nanoseconds(static_cast<std::int64_t>(seconds * 1e9))); }

TEST(Tempo, RunsFasterInsideFromItsStartOn) {
  const Tempo tempo(20, at(100));
  EXPECT_EQ(tempo.inside(at(100)), at(100));
  EXPECT_EQ(tempo.inside(at(101)), at(120));
  EXPECT_EQ(tempo.outside(at(120)), at(101));
  EXPECT_EQ(tempo.inside(SteadyTime::max()), SteadyTime::max());
  EXPECT_EQ(tempo.outside(SteadyTime::max()), SteadyTime::max());
  EXPECT_DOUBLE_EQ(tempo.seconds_outside(60), 3);
  EXPECT_DOUBLE_EQ(tempo.rate_outside(100), 2'000);
}

TEST(Tempo, KeepsAmountsAndDividesRates) {
  const Tempo tempo(20, at(0));
  Readings said;
  said[Dimension::Requests] = {.limit = 2'000.0, .remaining = 40.0, .full_after_seconds = 2.0};
  const Reading inside = tempo.inside(said)[Dimension::Requests];
  EXPECT_DOUBLE_EQ(*inside.limit, 100);
  EXPECT_DOUBLE_EQ(*inside.remaining, 40);
  EXPECT_FALSE(inside.full_after_seconds) << "in whole seconds outside";

  Refusal refusal;
  refusal.retry_after_seconds = 2;
  refusal.readings = said;
  refusal.ramp = RampFigures{.now = 60'000, .at_next_minute = 80'000};
  const Refusal turned = tempo.inside(refusal);
  EXPECT_DOUBLE_EQ(*turned.retry_after_seconds, 40);
  EXPECT_DOUBLE_EQ(*turned.readings[Dimension::Requests].limit, 100);
  EXPECT_DOUBLE_EQ(turned.ramp->now, 3'000);
  EXPECT_DOUBLE_EQ(turned.ramp->at_next_minute, 4'000);
}

TEST(Tempo, ChangesNothingAtTheSpeedOfTime) {
  const Tempo tempo(1, at(7));
  Readings said;
  said[Dimension::Input] = {.limit = 200'000.0, .remaining = 1'000.0, .full_after_seconds = 59.0};
  EXPECT_EQ(tempo.inside(at(1.25)), at(1.25));
  EXPECT_EQ(tempo.inside(said), said);
}

}  // namespace
}  // namespace tidegate::quota
