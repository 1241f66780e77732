// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/period_limits.h"

#include <gtest/gtest.h>

namespace tidegate::quota {
namespace {

using P = PeriodDimension;
constexpr double kHour = 3600;

PeriodLevels of(P dimension, double limit) {
  PeriodLimits limits;
  limits[dimension] = limit;
  PeriodLevels levels;
  levels.set_limits(limits);
  return levels;
}

TEST(PeriodLevels, WithoutALimitNothingIsEverShort) {
  PeriodLevels levels;
  levels.charge(1e9, 1e12);
  EXPECT_EQ(levels.wait(1e12).seconds, 0);
  EXPECT_FALSE(levels.any());
}

TEST(PeriodLevels, WhatIsUsedUpComesBackOverTheDay) {
  PeriodLevels levels = of(P::TokensPerDay, 2'400);
  for (int i = 0; i < 24; ++i) levels.charge(1, 100);
  EXPECT_NEAR(levels.wait(100).seconds, kHour, 1e-6);
  EXPECT_EQ(levels.wait(100).dimension, P::TokensPerDay);
  levels.advance(kHour);
  EXPECT_EQ(levels.wait(100).seconds, 0);
  levels.advance(100 * kHour);
  EXPECT_EQ(levels.level(P::TokensPerDay), 2'400) << "never more than the limit";
}

TEST(PeriodLevels, TheLimitThatLastsLongestCounts) {
  PeriodLimits limits;
  limits[P::RequestsPerDay] = 10;
  limits[P::RequestsPerMonth] = 20;
  PeriodLevels levels;
  levels.set_limits(limits);
  levels.charge(20, 0);
  EXPECT_EQ(levels.wait(0).dimension, P::RequestsPerMonth);
  EXPECT_NEAR(levels.wait(0).seconds, 36 * kHour, 1e-6);
}

TEST(PeriodLevels, WhatTheLedgerKnowsIsTakenOff) {
  PeriodLevels levels = of(P::RequestsPerDay, 100);
  levels.set_used(P::RequestsPerDay, 130);
  levels.set_used(P::TokensPerDay, 130);
  EXPECT_EQ(levels.level(P::RequestsPerDay), -30);
  EXPECT_GT(levels.wait(0).seconds, 7 * kHour);
}

TEST(PeriodLevels, AChangedLimitKeepsWhatIsUsed) {
  PeriodLevels levels = of(P::RequestsPerDay, 100);
  levels.charge(40, 0);
  PeriodLimits more;
  more[P::RequestsPerDay] = 50;
  levels.set_limits(more);
  EXPECT_EQ(levels.level(P::RequestsPerDay), 10);
  levels.set_limits({});
  EXPECT_FALSE(levels.any());
}

TEST(PeriodLevels, OneLargerThanTheLimitGoesWhenItIsFull) {
  PeriodLevels levels = of(P::TokensPerDay, 1'000);
  EXPECT_EQ(levels.wait(5'000).seconds, 0);
  levels.charge(1, 1);
  EXPECT_GT(levels.wait(5'000).seconds, 0);
}

TEST(PeriodLevels, TwoPoolsOfOneOrganisationHaveUsedTogether) {
  PeriodLevels one = of(P::RequestsPerDay, 100), other = of(P::RequestsPerDay, 80);
  one.charge(10, 0);
  other.charge(20, 0);
  one.merge(other);
  EXPECT_EQ(one.limit(P::RequestsPerDay), 80);
  EXPECT_EQ(one.level(P::RequestsPerDay), 50);
}

}  // namespace
}  // namespace tidegate::quota
