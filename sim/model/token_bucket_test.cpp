// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/token_bucket.h"

#include <gtest/gtest.h>

namespace tidegate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kStart{seconds(1000)};

TEST(SimTokenBucket, RefillsContinuouslyUpToItsDepth) {
  TokenBucket bucket(kStart, 60, seconds(60));
  bucket.take(60);
  EXPECT_DOUBLE_EQ(bucket.level(), 0);
  bucket.advance(kStart + milliseconds(500));
  EXPECT_DOUBLE_EQ(bucket.level(), 0.5);
  bucket.advance(kStart + seconds(3600));
  EXPECT_DOUBLE_EQ(bucket.level(), 60);
}

TEST(SimTokenBucket, SaysHowLongUntilAnAmountAndUntilFull) {
  TokenBucket bucket(kStart, 60, seconds(60));
  bucket.take(70);  // output may overdraw
  EXPECT_EQ(bucket.until(1), seconds(11));
  EXPECT_EQ(bucket.until_full(), seconds(70));
}

TEST(SimTokenBucket, WaitsAYearAtMost) {
  TokenBucket bucket(kStart, 1e-9, seconds(60));
  bucket.take(1'000);
  EXPECT_EQ(bucket.until_full(), std::chrono::hours(365 * 24));
}

TEST(SimTokenBucket, HoldsOneUnitHoweverShortItsWindow) {
  const TokenBucket bucket(kStart, 5, seconds(1));
  EXPECT_DOUBLE_EQ(bucket.capacity(), 1);
}

TEST(SimTokenBucket, KeepsTheFilledShareWhenItsLimitChanges) {
  TokenBucket bucket(kStart, 100, seconds(60));
  bucket.take(75);
  bucket.set_limit(kStart, 40, seconds(60));
  EXPECT_DOUBLE_EQ(bucket.level(), 10);
}

TEST(SimTokenBucket, TakesATimeBeforeTheLastAsTheLast) {
  TokenBucket bucket(kStart, 60, seconds(60));
  bucket.take(10);
  bucket.advance(kStart - seconds(5));
  EXPECT_DOUBLE_EQ(bucket.level(), 50);
}

}  // namespace
}  // namespace tidegate::sim
