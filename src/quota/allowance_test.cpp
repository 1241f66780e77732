// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/allowance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::quota {
namespace {

using enum BudgetPeriod;
using enum BudgetUnit;

TEST(BudgetText, IsReadAsPeopleWriteIt) {
  const struct {
    const char* text;
    Budget budget;
  } rows[] = {
      {"2.00", {Life, Money, 2'000'000'000}},
      {" $0.50 / hour ", {Hour, Money, 500'000'000}},
      {"5/day", {Day, Money, 5'000'000'000}},
      {"100/month:soft", {Month, Money, 100'000'000'000, 80, BudgetMode::Soft}},
      {"100/month:warn=95%:soft", {Month, Money, 100'000'000'000, 95, BudgetMode::Soft}},
      {"500000tokens", {Life, Tokens, 500'000}},
      {"500k tokens/day", {Day, Tokens, 500'000}},
      {"2M tokens/hour:warn=50%", {Hour, Tokens, 2'000'000, 50}},
      {"0", {Life, Money, 0}},
  };
  for (const auto& row : rows) {
    const auto budget = parse_budget(row.text);
    ASSERT_TRUE(budget) << budget.error().detail;
    EXPECT_EQ(*budget, row.budget) << row.text;
    EXPECT_EQ(parse_budget(to_text(*budget)).value(), row.budget) << to_text(*budget);
  }
}

TEST(BudgetText, IsRefusedWithWhatItMustBe) {
  for (const char* text :
       {"", "-1", "five", "5/week", "5/day:hard", "5/day:warn=80", "5/day:warn=0%", "5/day:warn=101%", "1.5 tokens",
        "tokens", "-3 tokens/day", "9000000000000M tokens", "5:", "/day", "2.00 EUR"}) {
    const auto budget = parse_budget(text);
    ASSERT_FALSE(budget) << text;
    EXPECT_THAT(budget.error().detail, testing::HasSubstr("5.00/day")) << "an example to follow";
  }
}

TEST(Allowances, KeepOneBudgetOfEachPeriodAndUnit) {
  Allowance allowance;
  EXPECT_FALSE(allowance.limits());
  for (const char* text : {"9/month", "1/hour", "500tokens/hour", "2/hour:soft"}) {
    put(allowance, parse_budget(text).value());
  }
  std::vector<std::string> texts;
  for (const Budget& budget : allowance.budgets) texts.push_back(to_text(budget));
  EXPECT_THAT(texts, testing::ElementsAre("2.00/hour:soft", "500tokens/hour", "9.00/month"));
  EXPECT_TRUE(allowance.limits());
  EXPECT_TRUE(allowance.has_hard_budget());
}

}  // namespace
}  // namespace tidegate::quota
