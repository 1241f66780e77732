// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/stored_limits.h"

#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

TEST(StoredLimits, ComeBackAsTheyWere) {
  quota::LimitBoard board;
  const ManualClock clock;
  llm::RateLimitReading reading;
  reading.limits.push_back({.dimension = llm::LimitDimension::Requests, .limit = 50, .remaining = 7, .full_after = Seconds(51)});
  reading.limits.push_back({.dimension = llm::LimitDimension::OutputTokens, .limit = 8'000, .remaining = std::nullopt, .full_after = {}});
  board.observe({.provider = "anthropic", .organisation = "org-1", .workspace = "wrkspc-1", .model_group = "opus-5", .key = "RED"}, reading,
                clock.now());
  board.observe({.provider = "openai", .organisation = "", .workspace = "", .model_group = "gpt-5", .key = "BLUE"}, reading, clock.now());
  const auto before = board.levels(clock.now());
  quota::LimitBoard after;
  after.restore(from_stored(to_stored(before)), clock.now());
  const auto restored = after.levels(clock.now());
  ASSERT_EQ(restored.size(), 2U);
  EXPECT_EQ(restored[0].pool, "anthropic/org-1/wrkspc-1");
  EXPECT_EQ(restored[1].pool, "openai/key:BLUE");
  for (std::size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(restored[i].limits.size(), 2U);
    EXPECT_EQ(restored[i].limits[0].remaining, 7);
    EXPECT_EQ(restored[i].limits[0].read_at, before[i].limits[0].read_at);
    EXPECT_EQ(restored[i].limits[1].limit, 8'000);
    EXPECT_FALSE(restored[i].limits[1].remaining.has_value());
  }
}

}  // namespace
}  // namespace tidegate::app
