// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/savings_book.h"

#include <gtest/gtest.h>

namespace tidegate::caching {
namespace {

PricePerMillion dollars(std::int64_t cents) { return {Money::nanodollars(cents * 10'000'000)}; }

const InputPrices kSonnet{dollars(300), dollars(30), dollars(375), dollars(600)};

Advice advice(bool is_dry_run) {
  Advice made;
  made.is_dry_run = is_dry_run;
  made.tokens = 10'000;
  made.plan.count = 1;
  made.plan.read = 8'000;
  made.plan.written_5m = 1'000;
  return made;
}

TEST(SavingsBook, ReckonsReadsNetOfWrites) {
  const Savings one = savings_of(
      advice(false), {.input = 500, .cache_read = 18'000, .cache_write_5m = 400, .cache_write_1h = 100, .output = 9},
      kSonnet);
  EXPECT_EQ(one.tokens_read, 18'000);
  EXPECT_EQ(one.tokens_written_5m, 400);
  EXPECT_EQ(one.tokens_written_1h, 100);
  EXPECT_EQ(one.quota_tokens, 18'000);
  // 18,000 × (3 - 0.30) - 400 × 0.75 - 100 × 3, in dollars per million
  EXPECT_EQ(one.saved, Money::nanodollars(18'000 * 2'700 - 400 * 750 - 100 * 3'000));
}

TEST(SavingsBook, OwnsUpToWritesThatDidNotPay) {
  const Savings one = savings_of(advice(false), {.input = 500, .cache_write_5m = 4'000}, kSonnet);
  EXPECT_EQ(one.saved, Money::nanodollars(-4'000 * 750));
  EXPECT_EQ(one.marked, 1U);
}

TEST(SavingsBook, ReckonsADryRunByItsPlanInTheTokensThatWereCounted) {
  const Savings one = savings_of(advice(true), {.input = 20'000}, kSonnet);
  EXPECT_EQ(one.tokens_read, 16'000);
  EXPECT_EQ(one.tokens_written_5m, 2'000);
  EXPECT_EQ(one.saved, Money::nanodollars(16'000 * 2'700 - 2'000 * 750));
}

TEST(SavingsBook, TakesNoCreditForWhatTheClientOrTheProviderDid) {
  const Savings one = savings_of(Advice{}, {.input = 5, .cache_read = 9'000}, kSonnet);
  EXPECT_EQ(one, (Savings{.requests = 1}));
}

TEST(SavingsBook, SavesNoQuotaWhereReadsCount) {
  EXPECT_EQ(savings_of(advice(false), {.cache_read = 9'000}, kSonnet, true).quota_tokens, 0);
}

TEST(SavingsBook, KeepsABoundedNumberOfLinesAndLosesNothing) {
  SavingsBook book(2);
  const Savings one{.requests = 1, .marked = 1, .tokens_read = 10, .saved = Money::nanodollars(7)};
  book.add("m1", "a", false, one);
  book.add("m1", "a", false, one);
  book.add("m1", "a", true, one);
  book.add("m2", "b", false, one);
  book.add("m3", "c", false, one);
  const auto lines = book.snapshot();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].model, "m1");
  EXPECT_FALSE(lines[0].is_dry_run);
  EXPECT_EQ(lines[0].savings.tokens_read, 20);
  EXPECT_TRUE(lines[1].is_dry_run);
  EXPECT_EQ(lines[2].model, "other");
  EXPECT_EQ(lines[2].savings.requests, 2U);
  EXPECT_EQ(lines[2].savings.saved, Money::nanodollars(14));
}

}  // namespace
}  // namespace tidegate::caching
