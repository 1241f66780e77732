// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/cache_terms.h"

#include <gtest/gtest.h>

namespace tidegate::caching {
namespace {

constexpr auto kAutomatic = LifetimeChoice::Automatic;

PricePerMillion price(std::int64_t millidollars) { return {Money::nanodollars(millidollars * 1'000'000)}; }

TEST(CacheTerms, AreThePricesInMultiplesOfTheInputPrice) {
  const CacheTerms opus = terms_of({price(4000), price(200), price(5000), price(8000)}, 512);
  EXPECT_DOUBLE_EQ(opus.read, 0.05);
  EXPECT_DOUBLE_EQ(opus.write_5m, 1.25);
  EXPECT_DOUBLE_EQ(opus.write_1h, 2);
  EXPECT_EQ(opus.minimum_tokens, 512);
  EXPECT_DOUBLE_EQ(terms_of({}, 1024).read, 0.1);
}

TEST(CacheTerms, KnowTheMinimumOfEveryModel) {
  EXPECT_EQ(minimum_cached_tokens("claude-opus-5-5"), 512);
  EXPECT_EQ(minimum_cached_tokens("claude-opus-4-8"), 1024);
  EXPECT_EQ(minimum_cached_tokens("claude-opus-4-7"), 2048);
  EXPECT_EQ(minimum_cached_tokens("claude-opus-4-5-20251101"), 4096);
  EXPECT_EQ(minimum_cached_tokens("claude-opus-4-1"), 1024);
  EXPECT_EQ(minimum_cached_tokens("claude-sonnet-4-6"), 1024);
  EXPECT_EQ(minimum_cached_tokens("claude-haiku-4-5"), 4096);
  EXPECT_EQ(minimum_cached_tokens("claude-3-5-haiku"), 2048);
  EXPECT_EQ(minimum_cached_tokens("claude-fable-5-2"), 512);
  EXPECT_EQ(minimum_cached_tokens("eu.anthropic.claude-opus-4-6-v1:0"), 4096);
  EXPECT_EQ(minimum_cached_tokens("something-else"), 1024);
}

TEST(CacheTerms, AMarkPaysFromThePublishedProbabilityOn) {
  // p > (w - 1) / (w - r): 21.7 % at r = 0.1, 20.8 % at 0.05, 20.4 % at 0.025.
  for (const auto& [read, threshold] : {std::pair{0.1, 0.2174}, std::pair{0.05, 0.2083}, std::pair{0.025, 0.2041}}) {
    const CacheTerms terms{.read = read};
    EXPECT_FALSE(best_lifetime({threshold - 0.001, 0}, terms, kAutomatic)) << read;
    EXPECT_EQ(best_lifetime({threshold + 0.001, 0}, terms, kAutomatic), Lifetime::FiveMinutes) << read;
  }
  EXPECT_FALSE(best_lifetime({0, 0.525}, CacheTerms{}, kAutomatic));
  EXPECT_EQ(best_lifetime({0, 0.527}, CacheTerms{}, kAutomatic), Lifetime::OneHour);
}

TEST(CacheTerms, BuyAnHourOnlyWhereGapsAreLongerThanFiveMinutes) {
  EXPECT_EQ(best_lifetime({1, 1}, CacheTerms{}, kAutomatic), Lifetime::FiveMinutes);
  EXPECT_EQ(best_lifetime({0.9, 1}, CacheTerms{}, kAutomatic), Lifetime::OneHour);  // 0.1 against 0.215
  EXPECT_EQ(best_lifetime({0.9, 0.92}, CacheTerms{}, kAutomatic), Lifetime::FiveMinutes);
  EXPECT_EQ(best_lifetime({0.3, 1}, CacheTerms{}, LifetimeChoice::FiveMinutes), Lifetime::FiveMinutes);
  EXPECT_FALSE(best_lifetime({0.1, 1}, CacheTerms{}, LifetimeChoice::FiveMinutes));
}

}  // namespace
}  // namespace tidegate::caching
