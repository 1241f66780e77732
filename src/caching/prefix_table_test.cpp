// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/prefix_table.h"

#include <gtest/gtest.h>

namespace tidegate::caching {
namespace {

constexpr SteadyTime kStart{std::chrono::hours(1)};

TEST(PrefixTable, FindsWhatWasPlacedAndNothingElse) {
  PrefixTable table(1000);
  EXPECT_EQ(table.capacity(), 1024U);
  EXPECT_EQ(table.find(0), nullptr);
  table.place(0, kStart).kind = 3;
  table.place(0x1234'5678'9ABCULL, kStart).kind = 4;
  ASSERT_NE(table.find(0), nullptr);
  EXPECT_EQ(table.find(0)->kind, 3);
  EXPECT_EQ(table.find(0x1234'5678'9ABCULL)->kind, 4);
  EXPECT_EQ(table.find(1), nullptr);
}

TEST(PrefixTable, IsBoundedAndForgetsWhatWasNotSeenForLongest) {
  PrefixTable table(8);
  for (std::uint64_t key = 1; key <= 8; ++key) table.place(key, kStart + Seconds(key));
  table.find(1)->last_seen = kStart + Seconds(100);
  table.place(9, kStart + Seconds(101));
  EXPECT_NE(table.find(1), nullptr);
  EXPECT_EQ(table.find(2), nullptr);
  EXPECT_NE(table.find(9), nullptr);
  EXPECT_EQ(table.capacity(), 8U);
}

TEST(PrefixTable, KeepsWhatCameAgainThroughAFloodOfWhatDoesNot) {
  PrefixTable table(8);
  table.place(1, kStart).counts.within_1h = 1;
  for (std::uint64_t key = 2; key < 1000; ++key) table.place(key, kStart + Seconds(key));
  EXPECT_NE(table.find(1), nullptr);
  for (std::uint64_t key = 1000; key < 6000; ++key) table.place(key, kStart + Seconds(key));
  EXPECT_EQ(table.find(1), nullptr);  // not seen for more than an hour
}

TEST(ReuseCounts, Fade) {
  ReuseCounts counts{9, 4, 6};
  counts.fade_above(8);
  EXPECT_EQ(counts.tried, 4.5F);
  EXPECT_EQ(counts.within_5m, 2);
  EXPECT_EQ(counts.within_1h, 3);
  counts.fade_above(8);
  EXPECT_EQ(counts.tried, 4.5F);
}

}  // namespace
}  // namespace tidegate::caching
