// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/prompt_cache.h"

#include "sim/model/model_catalog.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace tidegate::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr SteadyTime kStart{seconds(1000)};
constexpr auto k5m = CacheTtl::FiveMinutes;
constexpr auto k1h = CacheTtl::OneHour;

CachePrompt prompt_of(std::initializer_list<CacheBlock> blocks) {
  CachePrompt prompt;
  prompt.scope = "org/ws/model";
  prompt.blocks = blocks;
  return prompt;
}

/// Plans and lets the answer begin at once.
CacheUsage serve(PromptCache& cache, SteadyTime now, const CachePrompt& prompt) {
  const CachePlan plan = cache.plan(now, prompt);
  cache.commit(plan);
  return plan.usage;
}

TEST(SimPromptCache, WritesAPrefixOnceAndReadsItAfterwards) {
  PromptCache cache;
  const CachePrompt prompt = prompt_of({{1, 1500, k5m}, {2, 40}});
  EXPECT_EQ(serve(cache, kStart, prompt), (CacheUsage{40, 0, 1500, 0}));
  EXPECT_EQ(serve(cache, kStart + minutes(4), prompt), (CacheUsage{40, 1500, 0, 0}));
}

TEST(SimPromptCache, LivesFromTheStartOfTheLastRequestThatWroteOrRead) {
  PromptCache cache;
  const CachePrompt prompt = prompt_of({{1, 1500, k5m}, {2, 40}});
  serve(cache, kStart, prompt);
  EXPECT_EQ(serve(cache, kStart + minutes(4), prompt).read, 1500);       // refreshed
  EXPECT_EQ(serve(cache, kStart + minutes(8), prompt).read, 1500);
  EXPECT_EQ(serve(cache, kStart + minutes(13), prompt).written_5m, 1500);  // five minutes later: gone
}

TEST(SimPromptCache, LetsParallelFirstRequestsEachPayTheWrite) {
  PromptCache cache;
  const CachePrompt prompt = prompt_of({{1, 1500, k5m}});
  const CachePlan one = cache.plan(kStart, prompt);
  const CachePlan two = cache.plan(kStart, prompt);
  EXPECT_EQ(one.usage.written_5m, 1500);
  EXPECT_EQ(two.usage.written_5m, 1500);
  cache.commit(one);
  cache.commit(two);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(SimPromptCache, IgnoresPrefixesBelowTheModelsMinimumSilently) {
  PromptCache cache;
  const CachePrompt prompt = prompt_of({{1, 1000, k5m}, {2, 23}});
  EXPECT_EQ(serve(cache, kStart, prompt), (CacheUsage{1023, 0, 0, 0}));
  EXPECT_EQ(cache.size(), 0U);
}

TEST(SimPromptCache, SplitsMixedTtlsIntoReadOneHourWriteAndFiveMinuteWrite) {
  PromptCache cache;
  serve(cache, kStart, prompt_of({{1, 2000, k1h}}));
  const CachePrompt longer = prompt_of({{1, 2000, k1h}, {2, 300, k1h}, {3, 50, k5m}, {4, 7}});
  EXPECT_EQ(serve(cache, kStart + minutes(30), longer), (CacheUsage{7, 2000, 50, 300}));
}

TEST(SimPromptCache, LooksBackTwentyBlocksFromABreakpointAndNoFurther) {
  for (const auto& [added, expected_read] : {std::pair{19, 1100}, std::pair{20, 0}}) {
    PromptCache cache;
    CachePrompt prompt = prompt_of({{1, 1100, k5m}});
    serve(cache, kStart, prompt);
    prompt.blocks[0].breakpoint.reset();
    for (int i = 0; i < added; ++i) prompt.blocks.push_back({static_cast<std::uint64_t>(100 + i), 10});
    prompt.blocks.back().breakpoint = k5m;
    EXPECT_EQ(serve(cache, kStart, prompt).read, expected_read) << added;
  }
}

TEST(SimPromptCache, MissesWhenAnythingBeforeTheBreakpointChanges) {
  PromptCache cache;
  serve(cache, kStart, prompt_of({{1, 2000}, {2, 2000, k5m}}));
  EXPECT_EQ(serve(cache, kStart, prompt_of({{9, 2000}, {2, 2000, k5m}})).read, 0);
  CachePrompt elsewhere = prompt_of({{1, 2000}, {2, 2000, k5m}});
  elsewhere.scope = "org/other/model";
  EXPECT_EQ(serve(cache, kStart, elsewhere).read, 0);
}

TEST(SimPromptCache, MarksTheLastCacheableBlockAutomatically) {
  PromptCache cache;
  CachePrompt prompt = prompt_of({{1, 2000}, {2, 100}, {3, 30, std::nullopt, false}});
  prompt.automatic = k5m;
  EXPECT_EQ(serve(cache, kStart, prompt), (CacheUsage{30, 0, 2100, 0}));
}

TEST(SimPromptCache, RefusesWhatTheProviderRefuses) {
  EXPECT_FALSE(PromptCache::refuse(prompt_of({{1, 1, k1h}, {2, 1, k5m}})));
  EXPECT_TRUE(PromptCache::refuse(prompt_of({{1, 1, k5m}, {2, 1, k1h}})));
  EXPECT_TRUE(PromptCache::refuse(prompt_of({{1, 1, k5m}, {2, 1, k5m}, {3, 1, k5m}, {4, 1, k5m}, {5, 1, k5m}})));
  CachePrompt four = prompt_of({{1, 1, k5m}, {2, 1, k5m}, {3, 1, k5m}, {4, 1, k5m}, {5, 1}});
  four.automatic = k5m;
  EXPECT_TRUE(PromptCache::refuse(four));
  CachePrompt same = prompt_of({{1, 1, k5m}});
  same.automatic = k5m;
  EXPECT_FALSE(PromptCache::refuse(same));
  same.automatic = k1h;
  EXPECT_TRUE(PromptCache::refuse(same));
}

TEST(SimPrices, FollowTheListIncludingTheStepOfHaiku55) {
  EXPECT_EQ(cost_of(*find_model("claude-opus-5-5"), {100, 1000, 10, 1}, 50), Money::nanodollars(100 * 4000 + 1000 * 200 + 10 * 5000 + 8000 + 50 * 20000));
  EXPECT_EQ(cost_of(*find_model("claude-haiku-5-5"), {100'000, 0, 0, 0}, 10), Money::nanodollars(100'000LL * 100 + 10 * 500));
  EXPECT_EQ(cost_of(*find_model("claude-haiku-5-5"), {100'000, 1, 0, 0}, 10), Money::nanodollars(100'000LL * 500 + 50 + 10 * 2500));
}

}  // namespace
}  // namespace tidegate::sim
