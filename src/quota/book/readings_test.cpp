// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/readings.h"

#include <gtest/gtest.h>

namespace tidegate::quota {
namespace {

using llm::LimitDimension;

llm::LimitReading family(LimitDimension dimension, std::int64_t limit, std::int64_t remaining) {
  return {.dimension = dimension, .limit = limit, .remaining = remaining, .full_after = Seconds(30)};
}

TEST(Readings, TheCombinedFamilyCountsOnlyWhereItIsNotTheSumOfTheTwoOthers) {
  llm::RateLimitReading reading;
  reading.limits = {family(LimitDimension::Requests, 50, 49), family(LimitDimension::Tokens, 48'000, 40'000),
                    family(LimitDimension::InputTokens, 40'000, 39'000), family(LimitDimension::OutputTokens, 8'000, 7'000)};
  Readings out = to_readings(reading, "opus-5");
  EXPECT_EQ(out[Dimension::Requests].limit, 50);
  EXPECT_EQ(out[Dimension::Input].remaining, 39'000);
  EXPECT_EQ(out[Dimension::Output].full_after_seconds, 30);
  EXPECT_FALSE(out[Dimension::Tokens].limit);
  reading.limits[1].limit = 30'000;  // a workspace's
  out = to_readings(reading, "opus-5");
  EXPECT_EQ(out[Dimension::Tokens].limit, 30'000);
}

TEST(Readings, FastModeHasFamiliesOfItsOwn) {
  llm::RateLimitReading reading;
  reading.limits = {family(LimitDimension::InputTokens, 40'000, 39'000), family(LimitDimension::FastInputTokens, 5'000, 4'000)};
  EXPECT_EQ(to_readings(reading, "opus-5-5:fast")[Dimension::Input].limit, 5'000);
  EXPECT_EQ(to_readings(reading, "opus-5-5")[Dimension::Input].limit, 40'000);
}

TEST(KnownPools, SpeakOfTheirProviderAndGroupAndBearTheNamesThatRoomsUse) {
  PoolLevel level;
  level.provider = "anthropic";
  level.organisation = "org";
  level.workspace = "ws";
  level.model_group = "opus-5";
  level.limits.push_back({.dimension = LimitDimension::Requests, .limit = 60, .remaining = 10, .full_after = {}, .remaining_now = 25.0,
                          .seconds_to_exhaustion = {}, .read_at = {}});
  PoolLevel keyed = level;
  keyed.organisation.clear();
  keyed.workspace.clear();
  keyed.keys = {"RED"};
  const std::vector<PoolLevel> levels = {level, keyed};
  const std::vector<KnownPool> pools = known_pools(levels, "anthropic", "opus-5");
  ASSERT_EQ(pools.size(), 3U);
  EXPECT_EQ(pools[0].pool, "org");
  EXPECT_EQ(pools[0].limits[Dimension::Requests], 60);
  EXPECT_EQ(pools[0].levels[Dimension::Requests], 25);
  EXPECT_EQ(pools[1].pool, "org/ws");
  EXPECT_EQ(pools[2].pool, "key:RED");
  EXPECT_TRUE(known_pools(levels, "anthropic", "opus-4").empty());
  EXPECT_TRUE(known_pools(levels, "relay", "opus-5").empty());
}

TEST(Readings, AClassHasItsPartOfTheLimitAndTheRestIsNotItsOwn) {
  Readings whole;
  whole[Dimension::Requests] = {.limit = 100.0, .remaining = 90.0, .full_after_seconds = 6.0};
  whole[Dimension::Input] = {.limit = 10'000.0, .remaining = 2'000.0, .full_after_seconds = {}};
  const Readings part = part_of(whole, 0.7);
  EXPECT_DOUBLE_EQ(*part[Dimension::Requests].limit, 70);
  EXPECT_DOUBLE_EQ(*part[Dimension::Requests].remaining, 60);
  EXPECT_NEAR(*part[Dimension::Requests].full_after_seconds, 8.571, 0.001);
  EXPECT_DOUBLE_EQ(*part[Dimension::Input].limit, 7'000);
  EXPECT_EQ(part[Dimension::Input].remaining, 0) << "the others used the class's part, too";
  EXPECT_FALSE(part[Dimension::Output].limit);
  EXPECT_EQ(part_of(whole, 1), whole);
}

}  // namespace
}  // namespace tidegate::quota
