// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "base/money.h"

#include <gtest/gtest.h>

namespace tidegate {
namespace {

TEST(Money, ReadsDollarsExactly) {
  EXPECT_EQ(Money::parse("5.00")->nanodollars(), 5'000'000'000);
  EXPECT_EQ(Money::parse("$0.000125")->nanodollars(), 125'000);
  EXPECT_EQ(Money::parse("-3")->nanodollars(), -3'000'000'000);
  EXPECT_EQ(Money::parse("0.000000001")->nanodollars(), 1);
}

TEST(Money, RefusesWhatIsNoAmount) {
  for (const char* text : {"", "$", ".", "1,5", "1.2.3", "five", "1e3", "0.0000000001", "99999999999999999999"}) {
    EXPECT_FALSE(Money::parse(text)) << text;
  }
}

TEST(Money, PrintsAtLeastCentsAndNoMoreThanItNeeds) {
  EXPECT_EQ(to_text(Money::dollars(12)), "12.00");
  EXPECT_EQ(to_text(Money::nanodollars(1'500'000'000)), "1.50");
  EXPECT_EQ(to_text(Money::nanodollars(125'000)), "0.000125");
  EXPECT_EQ(to_text(Money::nanodollars(-1)), "-0.000000001");
}

TEST(PricePerMillion, IsExactForEveryPublishedPrice) {
  // Haiku 5.5 cache reads: $0.01 a million tokens is 10 nano-dollars a token.
  EXPECT_EQ((PricePerMillion{*Money::parse("0.01")}.times(1).nanodollars()), 10);
  EXPECT_EQ((PricePerMillion{Money::dollars(25)}.times(4'000'000'000).nanodollars()), 100'000LL * 1'000'000'000);
}

TEST(Money, ScalesWithRounding) {
  EXPECT_EQ(scaled(Money::nanodollars(3), 1, 2).nanodollars(), 2);
  EXPECT_EQ(scaled(Money::nanodollars(-3), 1, 2).nanodollars(), -2);
  EXPECT_EQ(scaled(Money::dollars(10), 11, 10), Money::dollars(11));
}

}  // namespace
}  // namespace tidegate
