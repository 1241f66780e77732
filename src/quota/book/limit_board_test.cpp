// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/limit_board.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace tidegate::quota {
namespace {

using llm::LimitDimension;

llm::RateLimitReading requests(std::int64_t limit, std::int64_t remaining) {
  llm::RateLimitReading reading;
  reading.limits.push_back({.dimension = LimitDimension::Requests, .limit = limit, .remaining = remaining, .full_after = Seconds(3)});
  return reading;
}

constexpr PoolSighting kRed{
    .provider = "anthropic", .organisation = "org-1", .workspace = "", .model_group = "opus-5", .key = "RED"};

std::optional<double> smallest(const LimitBoard& board, Now now) {
  constexpr std::array<std::string_view, 1> kProviders{"anthropic"};
  return smallest_requests_remaining(board.fresh_levels(now), kProviders);
}

PoolSighting with_key(std::string_view key, std::string_view organisation = "org-1") {
  PoolSighting sighting = kRed;
  sighting.key = key;
  sighting.organisation = organisation;
  return sighting;
}

TEST(LimitBoard, KnowsNothingBeforeTheFirstReading) {
  const LimitBoard board;
  const ManualClock clock;
  EXPECT_TRUE(board.levels(clock.now()).empty());
  EXPECT_FALSE(smallest(board, clock.now()).has_value());
}

TEST(LimitBoard, AdvancesARemainderByASixtiethOfTheLimitEachSecond) {
  LimitBoard board;
  ManualClock clock;
  board.observe(kRed, requests(120, 10), clock.now());
  clock.advance(Seconds(5));
  const auto levels = board.levels(clock.now());
  ASSERT_EQ(levels.size(), 1U);
  EXPECT_EQ(levels[0].pool, "anthropic/org-1");
  EXPECT_EQ(levels[0].limits[0].remaining, 10);
  EXPECT_DOUBLE_EQ(levels[0].limits[0].remaining_now.value(), 20);
  clock.advance(std::chrono::minutes(5));
  EXPECT_DOUBLE_EQ(smallest(board, clock.now()).value(), 120);
}

TEST(LimitBoard, SharesAPoolBetweenKeysOfOneOrganisation) {
  LimitBoard board;
  const ManualClock clock;
  board.observe(with_key("RED"), requests(50, 49), clock.now());
  board.observe(with_key("BLUE"), requests(50, 48), clock.now());
  const auto levels = board.levels(clock.now());
  ASSERT_EQ(levels.size(), 1U);
  EXPECT_EQ(levels[0].keys, (std::vector<std::string>{"RED", "BLUE"}));
  EXPECT_EQ(levels[0].limits[0].remaining, 48);
}

TEST(LimitBoard, LetsAKeyStandForAnUnknownOrganisation) {
  LimitBoard board;
  const ManualClock clock;
  board.observe(with_key("RED", ""), requests(50, 49), clock.now());
  board.observe(with_key("BLUE", ""), requests(50, 12), clock.now());
  const auto levels = board.levels(clock.now());
  ASSERT_EQ(levels.size(), 2U);
  EXPECT_EQ(levels[0].pool, "anthropic/key:BLUE");
  EXPECT_DOUBLE_EQ(smallest(board, clock.now()).value(), 12);
}

TEST(LimitBoard, KeepsAFamilyThatAnAnswerLeavesOut) {
  LimitBoard board;
  const ManualClock clock;
  llm::RateLimitReading both = requests(50, 49);
  both.limits.push_back({.dimension = LimitDimension::InputTokens, .limit = 30'000, .remaining = 29'000, .full_after = {}});
  board.observe(kRed, both, clock.now());
  board.observe(kRed, requests(50, 47), clock.now());
  const auto limits = board.levels(clock.now())[0].limits;
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_EQ(limits[1].remaining, 29'000);
}

TEST(LimitBoard, TellsWhenAPoolWillBeEmpty) {
  LimitBoard board;
  ManualClock clock;
  for (std::int64_t remaining = 1'000; remaining > 500; remaining -= 10) {  // 20 a second come back, 30 are used
    board.observe(kRed, requests(1'200, remaining), clock.now());
    clock.advance(Seconds(1));
  }
  const LimitLevel level = board.levels(clock.now())[0].limits[0];
  ASSERT_TRUE(level.seconds_to_exhaustion.has_value());
  EXPECT_NEAR(*level.seconds_to_exhaustion, 53, 8);
  clock.advance(std::chrono::minutes(3));
  EXPECT_FALSE(board.levels(clock.now())[0].limits[0].seconds_to_exhaustion.has_value()) << "nobody asks any more";
}

TEST(LimitBoard, PutsBackWhatAnEarlierProcessKnew) {
  LimitBoard before;
  ManualClock clock;
  before.observe(kRed, requests(60, 10), clock.now());
  const auto saved = before.levels(clock.now());
  clock.advance(Seconds(20));
  LimitBoard after;
  after.restore(saved, clock.now());
  EXPECT_DOUBLE_EQ(smallest(after, clock.now()).value(), 30);
}

TEST(LimitBoard, ShowsNoPoolThatWasNotReadForAWhile) {
  LimitBoard board;
  ManualClock clock;
  llm::RateLimitReading both = requests(50, 1);
  both.limits.push_back({.dimension = LimitDimension::FastInputTokens, .limit = 30'000, .remaining = 1, .full_after = {}});
  board.observe(with_key("GONE", ""), both, clock.now());
  board.observe(kRed, both, clock.now());
  clock.advance(LimitBoard::kFresh);
  EXPECT_EQ(board.fresh_levels(clock.now()).size(), 2U);
  clock.advance(Seconds(1));
  board.observe(kRed, requests(50, 40), clock.now());
  const auto fresh = board.fresh_levels(clock.now());
  ASSERT_EQ(fresh.size(), 1U);
  EXPECT_EQ(fresh[0].organisation, "org-1");
  EXPECT_EQ(fresh[0].limits.size(), 1U) << "nor a dimension that its answers no longer tell";
  EXPECT_EQ(board.levels(clock.now()).size(), 2U) << "rooms begin with what was known";
}

TEST(LimitBoard, ShowsThePoolOfASubscription) {
  LimitBoard board;
  const ManualClock clock;
  llm::RateLimitReading reading;
  reading.unified.push_back({.name = "5h", .status = "allowed", .utilization = 0.4, .reset_at = {}});
  board.observe(kRed, reading, clock.now());
  const auto levels = board.fresh_levels(clock.now());
  ASSERT_EQ(levels.size(), 1U);
  EXPECT_EQ(levels[0].pool, "anthropic/org-1");
  EXPECT_TRUE(levels[0].limits.empty());
}

TEST(LimitBoard, ForgetsTheProvidersThatAreNotConfigured) {
  LimitBoard board;
  const ManualClock clock;
  board.observe(kRed, requests(50, 1), clock.now());
  PoolSighting other = kRed;
  other.provider = "relay";
  board.observe(other, requests(50, 2), clock.now());
  constexpr std::array<std::string_view, 1> kConfigured{"relay"};
  board.keep_only(kConfigured);
  ASSERT_EQ(board.levels(clock.now()).size(), 1U);
  EXPECT_EQ(board.levels(clock.now())[0].provider, "relay");
  board.observe(other, requests(50, 3), clock.now());
  EXPECT_EQ(board.levels(clock.now())[0].limits[0].remaining, 3);
}

TEST(LimitBoard, TellsWhatIsLeftForMessagesOfTheNamedProviders) {
  LimitBoard board;
  const ManualClock clock;
  board.observe(kRed, requests(50, 40), clock.now());
  PoolSighting other = kRed;
  other.model_group = "batches";
  board.observe(other, requests(50, 1), clock.now());
  other.model_group = "gpt-5";
  other.provider = "openai";
  board.observe(other, requests(50, 2), clock.now());
  EXPECT_EQ(smallest(board, clock.now()), 40);
}

TEST(LimitBoard, AdvancesALimitPerDayAsSlowlyAsItsResetSays) {
  LimitBoard board;
  ManualClock clock;
  llm::RateLimitReading daily = requests(200, 20);
  daily.limits[0].full_after = std::chrono::hours(21) + std::chrono::minutes(36);  // gpt-4o's tier 0: 200 requests a day
  board.observe(kRed, daily, clock.now());
  clock.advance(Seconds(6));
  EXPECT_NEAR(smallest(board, clock.now()).value(), 20 + 6.0 * 180 / 77'760, 1e-9);
  clock.advance(std::chrono::minutes(7));
  EXPECT_NEAR(board.levels(clock.now())[0].limits[0].remaining_now.value(), 20.99, 0.01);
}

TEST(LimitBoard, ForgetsThePoolNotReadForLongestWhenItIsFull) {
  LimitBoard board(2);
  ManualClock clock;
  for (const char* organisation : {"org-1", "org-2", "org-3"}) {
    board.observe(with_key("RED", organisation), requests(50, 49), clock.now());
    clock.advance(Seconds(1));
  }
  const auto levels = board.levels(clock.now());
  ASSERT_EQ(levels.size(), 2U);
  EXPECT_EQ(levels[0].organisation, "org-2");
}

TEST(LimitBoard, IsSharedByThreads) {
  LimitBoard board;
  const ManualClock clock;
  const Now now = clock.now();
  const auto work = [&](const char* key) {
    for (int i = 0; i < 1'000; ++i) {
      board.observe(with_key(key), requests(50, i % 50), now);
      (void)smallest(board, now);
    }
  };
  std::thread one(work, "RED");
  std::thread two(work, "BLUE");
  one.join();
  two.join();
  EXPECT_EQ(board.levels(now)[0].keys.size(), 2U);
}

}  // namespace
}  // namespace tidegate::quota
