// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/learned_share.h"

#include <gtest/gtest.h>

namespace tidegate::quota {
namespace {

Spend spend(std::int64_t dollars, std::int64_t tokens) { return {Money::dollars(dollars), tokens}; }

TEST(LearnedShares, AreTheWorstCaseUntilFiveRequestsWereSeen) {
  LearnedShare share;
  for (int i = 0; i < 4; ++i) share.learn(spend(10, 1'000), spend(1, 500));
  EXPECT_EQ(share.expect(spend(10, 1'000)), spend(10, 1'000));
  share.learn(spend(10, 1'000), spend(1, 500));
  EXPECT_EQ(share.expect(spend(20, 3'000)), spend(2, 1'500));
}

TEST(LearnedShares, WeighLargeRequestsMore) {
  LearnedShare share;
  for (int i = 0; i < 60; ++i) {
    share.learn(spend(99, 0), spend(99, 0));
    share.learn(spend(1, 0), spend(0, 0));
  }
  EXPECT_NEAR(share.expect(spend(100, 0)).money.as_dollars(), 99, 0.1);
}

TEST(LearnedShares, FollowAChange) {
  LearnedShare share;
  for (int i = 0; i < 200; ++i) share.learn(spend(10, 0), spend(1, 0));
  for (int i = 0; i < 100; ++i) share.learn(spend(10, 0), spend(8, 0));
  EXPECT_NEAR(share.expect(spend(10, 0)).money.as_dollars(), 8, 0.3);
}

TEST(LearnedShares, StayWithinTwiceTheWorstCase) {
  LearnedShare share;
  for (int i = 0; i < 9; ++i) share.learn(spend(1, 100), spend(50, 0));
  EXPECT_EQ(share.expect(spend(1, 100)), spend(2, 0));
}

}  // namespace
}  // namespace tidegate::quota
