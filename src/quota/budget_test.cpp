// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/budget.h"

#include <gtest/gtest.h>

namespace tidegate::quota {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

WallTime at(const char* text) { return parse_rfc3339(text).value(); }
Spend dollars(std::int64_t whole, std::int64_t tokens = 0) { return {Money::dollars(whole), tokens}; }
Budget budget(const char* text) { return parse_budget(text).value(); }

const WallTime kNoon = at("2026-02-27T12:30:00Z");

TEST(BudgetWindows, AreThoseOfTheUtcCalendar) {
  const struct {
    BudgetPeriod period;
    const char* instant;
    const char* begins_at;
    const char* ends_at;
  } rows[] = {
      {BudgetPeriod::Hour, "2026-02-27T12:30:00Z", "2026-02-27T12:00:00Z", "2026-02-27T13:00:00Z"},
      {BudgetPeriod::Hour, "2026-02-27T12:00:00Z", "2026-02-27T12:00:00Z", "2026-02-27T13:00:00Z"},
      {BudgetPeriod::Day, "2026-02-27T23:59:59Z", "2026-02-27T00:00:00Z", "2026-02-28T00:00:00Z"},
      {BudgetPeriod::Month, "2026-02-28T23:59:59Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"},
      {BudgetPeriod::Month, "2028-02-29T00:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
      {BudgetPeriod::Month, "2026-12-31T12:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(budget_window(row.period, at(row.instant)), (BudgetWindow{at(row.begins_at), at(row.ends_at)}))
        << row.instant;
  }
  EXPECT_EQ(budget_window(BudgetPeriod::Life, kNoon), BudgetWindow{});
}

TEST(Spendings, RefuseOnlyWhatGoesBeyondWithSpentReservedAndItsOwn) {
  Spending spending(kNoon);
  const Budget five = budget("5/day");
  Reservation first = spending.reserve(dollars(2));
  Reservation second = spending.reserve(dollars(2));
  EXPECT_FALSE(spending.refusal(five, dollars(1))) << "exactly full is not beyond";
  const auto stop = spending.refusal(five, {Money::nanodollars(1'000'000'001), 0});
  ASSERT_TRUE(stop);
  EXPECT_FALSE(stop->is_spent()) << "what is in flight may yet turn out smaller";
  spending.settle(first, dollars(1));
  spending.settle(second, dollars(3));
  EXPECT_FALSE(spending.refusal(five, dollars(1)));
  ASSERT_TRUE(spending.refusal(five, dollars(2)));
  EXPECT_TRUE(spending.refusal(five, dollars(2))->is_spent());
  EXPECT_FALSE(spending.refusal(five, dollars(2))->is_too_large());
  EXPECT_TRUE(spending.refusal(five, dollars(6))->is_too_large());
  EXPECT_FALSE(spending.refusal(budget("5/day:soft"), dollars(100)));
  EXPECT_FALSE(spending.refusal(five, {})) << "what is free always passes";
}

TEST(Spendings, CountMoneyAndTokensApart) {
  Spending spending(kNoon);
  Reservation reservation = spending.reserve(dollars(1, 700));
  EXPECT_TRUE(spending.refusal(budget("1000tokens/hour"), dollars(0, 301)));
  EXPECT_FALSE(spending.refusal(budget("1000tokens/hour"), dollars(9, 300)));
  spending.settle(reservation, dollars(2, 500));
  EXPECT_EQ(spending.level(budget("1000tokens/hour"), kNoon).spent, 500);
  EXPECT_EQ(spending.level(budget("1000tokens/hour"), kNoon).left(), 500);
  EXPECT_EQ(spending.level(budget("9"), kNoon).spent, 2'000'000'000);
}

TEST(Spendings, GiveBackWhatWasNotTaken) {
  Spending spending(kNoon);
  Reservation reservation = spending.reserve(dollars(5));
  EXPECT_EQ(spending.level(budget("5"), kNoon).reserved, 5'000'000'000);
  spending.release(reservation);
  EXPECT_EQ(spending.level(budget("5"), kNoon).left(), 5'000'000'000);
  spending.release(reservation);
  EXPECT_EQ(spending.level(budget("5"), kNoon).reserved, 0) << "a second time there is nothing to give back";
}

TEST(Spendings, AddWhatIsSettledASecondTime) {
  Spending spending(kNoon);
  Reservation reservation = spending.reserve(dollars(5));
  spending.settle(reservation, dollars(1));
  spending.settle(reservation, dollars(2));
  const BudgetLevel level = spending.level(budget("5"), kNoon);
  EXPECT_EQ(level.spent, 3'000'000'000);
  EXPECT_EQ(level.reserved, 0);
}

TEST(Spendings, MeasureWhatWasTakenBeyondTheReservations) {
  Spending spending(kNoon);
  Reservation small = spending.reserve(dollars(1));
  Reservation large = spending.reserve(dollars(3));
  spending.settle(small, dollars(4));
  spending.settle(large, dollars(2));
  const BudgetLevel level = spending.level(budget("5"), kNoon);
  EXPECT_EQ(level.overspent(), 1'000'000'000);
  EXPECT_EQ(level.under_reserved, 3'000'000'000) << "the other's 1 dollar less is no excuse";
}

TEST(Spendings, BeginAnewWithEachWindowAndNeverWithLife) {
  Spending spending(kNoon);
  Reservation reservation = spending.reserve(dollars(4));
  spending.settle(reservation, dollars(4));
  const WallTime next_hour = kNoon + hours(1);
  EXPECT_EQ(spending.level(budget("5/hour"), next_hour).spent, 0) << "also before anybody advanced it";
  spending.advance(next_hour);
  EXPECT_FALSE(spending.refusal(budget("5/hour"), dollars(5)));
  EXPECT_TRUE(spending.refusal(budget("5/day"), dollars(5)));
  EXPECT_EQ(spending.level(budget("5/hour"), next_hour).resets_at, at("2026-02-27T14:00:00Z"));
  spending.advance(kNoon + hours(24));
  EXPECT_FALSE(spending.refusal(budget("5/day"), dollars(5)));
  EXPECT_TRUE(spending.refusal(budget("5/month"), dollars(5)));
  spending.advance(at("2026-03-01T00:00:00Z"));
  EXPECT_FALSE(spending.refusal(budget("5/month"), dollars(5)));
  EXPECT_TRUE(spending.refusal(budget("5/life"), dollars(5)));
  EXPECT_EQ(spending.level(budget("5/life"), kNoon).resets_at, std::nullopt);
}

TEST(Spendings, CountARequestInTheWindowThatItBeganIn) {
  Spending spending(kNoon);
  Reservation late = spending.reserve(dollars(4));
  spending.advance(kNoon + hours(1));
  EXPECT_EQ(spending.level(budget("5/hour"), kNoon + hours(1)).reserved, 0);
  EXPECT_EQ(spending.level(budget("5/day"), kNoon + hours(1)).reserved, 4'000'000'000);
  spending.settle(late, dollars(4));
  EXPECT_EQ(spending.level(budget("5/hour"), kNoon + hours(1)).spent, 0);
  EXPECT_EQ(spending.level(budget("5/day"), kNoon + hours(1)).spent, 4'000'000'000);
}

TEST(Spendings, StaySpentWhenTheClockIsSetBack) {
  Spending spending(kNoon);
  Reservation reservation = spending.reserve(dollars(4));
  spending.settle(reservation, dollars(4));
  spending.advance(kNoon - hours(1));
  EXPECT_TRUE(spending.refusal(budget("5/hour"), dollars(2)));
  EXPECT_EQ(spending.level(budget("5/hour"), kNoon - hours(1)).resets_at, at("2026-02-27T13:00:00Z"));
  spending.advance(kNoon - hours(24));
  EXPECT_TRUE(spending.refusal(budget("5/hour"), dollars(2)));
  EXPECT_EQ(spending.level(budget("5/hour"), kNoon - hours(24)).resets_at, at("2026-02-26T13:00:00Z"))
      << "or nobody would get a fresh hour before the clock is there again";
}

TEST(Spendings, TakeOverWhatEarlierRunsSpentInTheRunningWindows) {
  Spending spending(kNoon);
  spending.restore(BudgetPeriod::Day, budget_window(BudgetPeriod::Day, kNoon), dollars(4));
  spending.restore(BudgetPeriod::Hour, budget_window(BudgetPeriod::Hour, kNoon - hours(1)), dollars(4));
  EXPECT_EQ(spending.level(budget("5/day"), kNoon).spent, 4'000'000'000);
  EXPECT_EQ(spending.level(budget("5/hour"), kNoon).spent, 0);
}

TEST(BudgetLevels, WarnFromTheirShareOn) {
  const auto warns = [](const char* text, std::int64_t spent) {
    return BudgetLevel{.budget = budget(text), .spent = spent}.is_beyond_warning();
  };
  EXPECT_FALSE(warns("0", 0));
  EXPECT_FALSE(warns("100tokens", 79));
  EXPECT_TRUE(warns("100tokens", 80));
  EXPECT_FALSE(warns("100tokens:warn=95%", 94));
  EXPECT_TRUE(warns("100tokens:soft:warn=95%", 95));
}

}  // namespace
}  // namespace tidegate::quota
