// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/tenant_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace tidegate::quota {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Allowance allowance(std::initializer_list<const char*> budgets) {
  Allowance made;
  for (const char* text : budgets) put(made, parse_budget(text).value());
  return made;
}

Amount worth(std::int64_t dollars, std::int64_t input = 0, std::int64_t output = 0) {
  return {1, input, output, Money::dollars(dollars)};
}
Spend dollars(std::int64_t whole, std::int64_t tokens = 0) { return {Money::dollars(whole), tokens}; }

/// A tenant `t` with a key `k`, at noon.
class TenantBookTest : public ::testing::Test {
 protected:
  TenantBookTest() { clock_.set_wall(parse_rfc3339("2026-02-27T12:00:00Z").value()); }

  void know(const Allowance& of_tenant, const Allowance& of_key = {}) {
    const std::vector<TenantAccount> accounts{{"t", "", of_tenant}, {"t", "k", of_key}};
    (void)book_.adopt(accounts, clock_.now());
  }
  TenantBook::Admission admit(const Amount& amount) { return book_.admit("t", "k", amount, clock_.now()); }
  /// Of the tenant's or the key's first budget.
  BudgetLevel level(std::string_view key = "") {
    for (const AccountLevel& one : book_.levels(TenantBook::Which::All, clock_.now())) {
      if (one.key == key && !one.budgets.empty()) return one.budgets[0];
    }
    ADD_FAILURE() << "no budget";
    return {};
  }

  ManualClock clock_;
  TenantBook book_;
};

TEST_F(TenantBookTest, LetsThroughWhomNobodyLimits) {
  EXPECT_TRUE(book_.is_empty());
  EXPECT_FALSE(admit(worth(1'000)).refusal);
  know({});
  EXPECT_FALSE(book_.is_empty());
  const auto admission = admit(worth(1'000));
  EXPECT_FALSE(admission.refusal);
  EXPECT_FALSE(admission.is_limited);
  EXPECT_FALSE(book_.admit("stranger", "", worth(1'000), clock_.now()).is_limited);
}

TEST_F(TenantBookTest, HoldsARequestAgainstTheBudgetsOfKeyAndTenant) {
  know(allowance({"10/day"}), allowance({"4"}));
  auto first = admit(worth(4));
  ASSERT_FALSE(first.refusal);
  EXPECT_TRUE(first.is_limited);
  EXPECT_TRUE(first.has_hard_budget);
  const auto second = admit(worth(1));
  ASSERT_TRUE(second.refusal);
  EXPECT_TRUE(second.refusal->of_key);
  EXPECT_FALSE(second.refusal->is_final()) << "what is in flight may turn out smaller";
  EXPECT_EQ(second.refusal->retry_after, Seconds(5));
  first.ticket.settle(dollars(4), 0, clock_.now());
  const auto third = admit(worth(1));
  ASSERT_TRUE(third.refusal);
  EXPECT_TRUE(third.refusal->is_final());
  EXPECT_EQ(third.refusal->retry_after, Nanoseconds::max()) << "a key's life budget does not come back";
  EXPECT_EQ(level().spent, 4'000'000'000) << "the tenant's too";
}

TEST_F(TenantBookTest, NamesTheInstantAtWhichASpentBudgetIsFresh) {
  know(allowance({"4/hour", "5/day"}));
  admit(worth(4)).ticket.settle(dollars(4), 0, clock_.now());
  clock_.advance(minutes(15));
  auto refusal = admit(worth(1)).refusal;
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->retry_after, minutes(45));
  EXPECT_EQ(refusal->stop->level.resets_at, parse_rfc3339("2026-02-27T13:00:00Z").value());
  refusal = admit(worth(2)).refusal;
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->stop->level.budget.period, BudgetPeriod::Day) << "of two the one that lasts longer";
  EXPECT_EQ(refusal->retry_after, hours(11) + minutes(45));
  EXPECT_EQ(admit(worth(6)).refusal->retry_after, Nanoseconds::max()) << "more than a whole day's";
  clock_.advance(minutes(45));
  EXPECT_FALSE(admit(worth(1)).refusal);
}

TEST_F(TenantBookTest, PacesRequestsByKeyAndTenantAndSaysExactlyWhenTheNextMayCome) {
  Allowance six;
  six.requests_per_minute = 6;
  Allowance two;
  two.requests_per_minute = 2;
  know(six, two);
  EXPECT_EQ(admit(worth(0)).rates.requests->remaining, 1);
  EXPECT_EQ(admit(worth(0)).rates.requests->remaining, 0);
  const auto refused = admit(worth(0));
  ASSERT_TRUE(refused.refusal);
  EXPECT_EQ(refused.refusal->limit, TenantLimit::Requests);
  EXPECT_TRUE(refused.refusal->of_key);
  EXPECT_EQ(refused.refusal->per_minute, 2);
  EXPECT_EQ(refused.refusal->retry_after, Seconds(30));
  EXPECT_FALSE(refused.refusal->is_final());
  EXPECT_EQ(refused.rates.requests->full_after, minutes(1));
  clock_.advance(Seconds(30));
  EXPECT_FALSE(admit(worth(0)).refusal);
}

TEST_F(TenantBookTest, ChargesTokensPerMinuteByWhatIsReallyUsed) {
  Allowance thousand;
  thousand.tokens_per_minute = 1'000;
  know(thousand);
  auto first = admit(worth(0, 300, 64'000));
  EXPECT_EQ(first.rates.tokens->remaining, 200) << "300 of input and the usual 500 of output, not max_tokens";
  first.ticket.settle(dollars(0, 400), 100, clock_.now());
  EXPECT_EQ(admit({0, 0, 0, {}}).rates.tokens->remaining, 600);
  auto second = admit(worth(0, 100, 100));
  second.ticket.settle(dollars(0, 1'600), 1'500, clock_.now());
  EXPECT_EQ(admit(worth(0, 500, 0)).refusal->retry_after, Seconds(90)) << "1000 tokens in debt, 500 wanted";
  admit(worth(0, 0, 0)).ticket.release();
}

TEST_F(TenantBookTest, GivesBackWhatARequestThatCameToNothingHadSetAside) {
  Allowance limits = allowance({"5"});
  limits.tokens_per_minute = 1'000;
  know(limits);
  { const auto admission = admit(worth(5, 900, 0)); }
  EXPECT_EQ(level().reserved, 0);
  EXPECT_EQ(admit({0, 0, 0, {}}).rates.tokens->remaining, 1'000);
  EXPECT_EQ(book_.levels(TenantBook::Which::All, clock_.now())[0].in_flight, 0);
  auto moved = admit(worth(5));
  TenantBook::Ticket ticket = std::move(moved.ticket);
  EXPECT_EQ(level().reserved, 5'000'000'000) << "a ticket that moves takes its reservation along";
  ticket = {};
  EXPECT_EQ(level().reserved, 0);
}

TEST_F(TenantBookTest, GivesBackTheRequestItselfWhereItWentNowhere) {
  Allowance six = allowance({"5"});
  six.requests_per_minute = 6;
  six.tokens_per_minute = 1'000;
  Allowance two;
  two.requests_per_minute = 2;
  know(six, two);
  for (int i = 0; i < 10; ++i) {
    auto admission = admit(worth(5, 900, 0));
    ASSERT_FALSE(admission.refusal) << i;
    const RateLevels left = admission.ticket.withdraw(clock_.now());
    EXPECT_EQ(left.requests->remaining, 2) << "the key's, which is the tighter one";
    EXPECT_EQ(left.tokens->remaining, 1'000);
    EXPECT_FALSE(admission.ticket.withdraw(clock_.now()).requests) << "only once";
  }
  EXPECT_EQ(level().reserved, 0);
  const auto levels = book_.levels(TenantBook::Which::All, clock_.now());
  EXPECT_EQ(levels[0].requests->remaining, 6);
  EXPECT_EQ(levels[0].in_flight, 0);
  // What was sent counts, also when nothing came of it.
  admit(worth(1)).ticket.release();
  EXPECT_EQ(admit({0, 0, 0, {}}).rates.requests->remaining, 1);
}

TEST_F(TenantBookTest, NeitherCountsNorRefusesWhatIsFree) {
  Allowance limits = allowance({"0"});
  limits.requests_per_minute = 1;
  know(limits);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(admit({0, 0, 0, {}}).refusal);
  EXPECT_EQ(admit({0, 0, 0, {}}).rates.requests->remaining, 1);
  EXPECT_TRUE(admit(worth(1)).refusal->is_final());
}

TEST_F(TenantBookTest, ReservesWhatItLearnedWhereThatIsAskedFor) {
  Allowance learned = allowance({"10"});
  learned.reserve = ReserveMode::Learned;
  know(allowance({"100"}), learned);
  for (int i = 0; i < 5; ++i) admit(worth(2, 0, 100)).ticket.settle({Money::nanodollars(200'000'000), 10}, 10, clock_.now());
  const auto admission = admit(worth(2, 0, 100));
  EXPECT_EQ(level("k").reserved, 200'000'000);
  EXPECT_EQ(level().reserved, 2'000'000'000) << "the tenant's hard budget stays on the safe side";
}

TEST_F(TenantBookTest, MeasuresWhatALearnedReservationOverspends) {
  Allowance learned = allowance({"9"});
  learned.reserve = ReserveMode::Learned;
  know({}, learned);
  for (int i = 0; i < 5; ++i) admit(worth(1)).ticket.settle({Money::nanodollars(100'000'000), 1}, 1, clock_.now());
  put(learned, parse_budget("1").value());
  know({}, learned);
  std::vector<TenantBook::Admission> together;
  for (int i = 0; i < 5; ++i) together.push_back(admit(worth(1)));
  EXPECT_TRUE(admit(worth(1)).refusal) << "0.5 spent, 0.5 set aside";
  for (auto& one : together) {
    ASSERT_FALSE(one.refusal);
    one.ticket.settle({Money::nanodollars(150'000'000), 1}, 1, clock_.now());
  }
  EXPECT_EQ(level("k").overspent(), 250'000'000);
  EXPECT_EQ(level("k").under_reserved, 250'000'000) << "the sum of what was taken beyond the reservations";
}

TEST_F(TenantBookTest, WarnsBeyondTheSoftShareAndPassesWhatIsOnlySoft) {
  know(allowance({"10/day:soft"}), allowance({"100:warn=10%"}));
  admit(worth(1)).ticket.settle(dollars(9), 0, clock_.now());
  auto admission = admit(worth(5));
  ASSERT_EQ(admission.warnings.size(), 1U);
  EXPECT_FALSE(admission.warnings[0].of_key);
  admission.ticket.settle(dollars(5), 0, clock_.now());
  EXPECT_FALSE(admit(worth(5)).refusal) << "14 of 10 dollars, and soft";
  EXPECT_EQ(admit(worth(5)).warnings.size(), 2U);
  const auto beyond = book_.levels(TenantBook::Which::BeyondWarning, clock_.now());
  ASSERT_EQ(beyond.size(), 2U);
  EXPECT_EQ(beyond[0].budgets[0].overspent(), 4'000'000'000);
  EXPECT_EQ(book_.levels(TenantBook::Which::BeyondWarning, Now{clock_.now().steady, clock_.now().wall + hours(24)}).size(), 1U)
      << "the next day only the key's";
}

TEST_F(TenantBookTest, LetsTheKeysOwnWishesStandBeforeItsTenants) {
  Allowance of_tenant;
  of_tenant.priority = Priority::Batch;
  of_tenant.weight = 3;
  of_tenant.max_wait = minutes(9);
  Allowance of_key;
  of_key.priority = Priority::Interactive;
  know(of_tenant, of_key);
  const auto admission = admit(worth(0));
  EXPECT_EQ(admission.priority, Priority::Interactive);
  EXPECT_EQ(admission.weight, 3);
  EXPECT_EQ(admission.max_wait, minutes(9));
  EXPECT_FALSE(admission.is_limited);
}

TEST_F(TenantBookTest, KeepsWhatWasSpentWhenLimitsChangeAndForgetsWhoIsGone) {
  know(allowance({"5"}));
  admit(worth(5)).ticket.settle(dollars(5), 0, clock_.now());
  know(allowance({"9"}));
  EXPECT_EQ(level().spent, 5'000'000'000);
  auto out = admit(worth(1));
  EXPECT_FALSE(out.refusal);
  (void)book_.adopt({}, clock_.now());
  EXPECT_TRUE(book_.is_empty());
  out.ticket.settle(dollars(1), 0, clock_.now());  // of an account that nobody else knows any more
}

TEST_F(TenantBookTest, AsksForThePastOfBudgetsThatItMeets) {
  const WallTime start = clock_.now().wall;
  std::vector<TenantAccount> accounts{{"t", "", allowance({"10/day", "900tokens/day"})},
                                      {"t", "k", allowance({"5", "9/month"}), start - hours(9)},
                                      {"t", "free", {}, start - hours(9)}};
  const auto missing = book_.adopt(accounts, clock_.now());
  ASSERT_EQ(missing.size(), 2U);
  EXPECT_EQ(missing[0].periods, (std::array{false, true, false, false})) << "nobody needs the others";
  EXPECT_EQ(missing[1].key, "k");
  EXPECT_EQ(missing[1].periods, (std::array{false, false, true, true}));
  EXPECT_EQ(missing[1].since, start - hours(9));
  EXPECT_EQ(missing[1].until, start);
  EXPECT_THAT(book_.adopt(accounts, clock_.now()), testing::IsEmpty());

  clock_.advance(minutes(1));
  accounts.push_back({"t", "new", allowance({"5"}), clock_.now().wall});
  EXPECT_THAT(book_.adopt(accounts, clock_.now()), testing::IsEmpty()) << "a key that was just made has no past";
  put(accounts[0].allowance, parse_budget("900").value());
  const auto later = book_.adopt(accounts, clock_.now());
  ASSERT_EQ(later.size(), 1U) << "a budget that came later";
  EXPECT_EQ(later[0].periods, (std::array{false, false, false, true}));
  EXPECT_EQ(later[0].until, start) << "what came since is in the book";
}

TEST_F(TenantBookTest, AddsWhatWasSpentBefore) {
  know(allowance({"10/day"}), allowance({"5"}));
  admit(worth(1)).ticket.settle(dollars(1), 0, clock_.now());
  const std::array hour_day_month_life{dollars(7), dollars(8), dollars(9), dollars(3)};
  const WallTime now = clock_.now().wall;
  book_.restore({"t", "", {}, {}, {false, true, false, false}}, hour_day_month_life, now);
  book_.restore({"t", "k", {}, {}, {false, false, false, true}}, hour_day_month_life, now);
  book_.restore({"gone", "", {}, {}, {true, true, true, true}}, hour_day_month_life, now);
  EXPECT_EQ(level().spent, 9'000'000'000);
  EXPECT_EQ(level("k").spent, 4'000'000'000);
  EXPECT_TRUE(admit(worth(2)).refusal);
  EXPECT_FALSE(admit(worth(1)).refusal);
}

TEST_F(TenantBookTest, LetsExactlyFiftyOfTwoHundredConcurrentRequestsThroughABudgetForFifty) {
  know(allowance({"50/day"}), allowance({"80"}));
  constexpr int kThreads = 8;
  constexpr int kEach = 25;
  const Now now = clock_.now();
  std::latch together(kThreads);
  std::atomic<int> passed = 0;
  std::atomic<int> refused = 0;
  std::vector<std::vector<TenantBook::Ticket>> tickets(kThreads);
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      together.arrive_and_wait();
      for (int i = 0; i < kEach; ++i) {
        auto admission = book_.admit("t", "k", worth(1), now);
        if (admission.refusal) {
          ++refused;
          continue;
        }
        ++passed;
        tickets[static_cast<std::size_t>(number)].push_back(std::move(admission.ticket));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 50);
  EXPECT_EQ(refused, 150);
  EXPECT_EQ(level().left(), 0);
  // They settle on their threads, at half of what was set aside, while others ask again.
  threads.clear();
  for (auto& mine : tickets) {
    threads.emplace_back([&] {
      for (TenantBook::Ticket& ticket : mine) {
        ticket.settle({Money::nanodollars(500'000'000), 10}, 10, now);
        ticket.release();
        (void)book_.admit("t", "k", worth(1), now);
        (void)book_.levels(TenantBook::Which::All, now);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(level().spent, 25'000'000'000);
  EXPECT_EQ(level().reserved, 0);
}

}  // namespace
}  // namespace tidegate::quota
