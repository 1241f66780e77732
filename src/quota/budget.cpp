// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/budget.h"

#include <algorithm>
#include <chrono>

namespace tidegate::quota {

namespace {

/// How far the clock may be behind a window that has begun before the window is taken for a mistake.
constexpr std::chrono::hours kPatience(1);

BudgetWindow month_of(WallTime at) {
  using namespace std::chrono;
  const year_month_day day(floor<days>(at));
  const year_month month(day.year(), day.month());
  return {WallTime(sys_days(month / 1)), WallTime(sys_days((month + months(1)) / 1))};
}

}  // namespace

BudgetWindow budget_window(BudgetPeriod period, WallTime at) {
  switch (period) {
    case BudgetPeriod::Hour: {
      const WallTime hour(std::chrono::floor<std::chrono::hours>(at));
      return {hour, hour + std::chrono::hours(1)};
    }
    case BudgetPeriod::Day: {
      const WallTime day(std::chrono::floor<std::chrono::days>(at));
      return {day, day + std::chrono::days(1)};
    }
    case BudgetPeriod::Month: return month_of(at);
    case BudgetPeriod::Life: break;
  }
  return {};
}

bool BudgetLevel::is_beyond_warning() const {
  const double share = static_cast<double>(budget.warn_percent) / 100.0;
  return budget.limit > 0 && static_cast<double>(spent) >= static_cast<double>(budget.limit) * share;
}

Spending::Spending(WallTime now) {
  for (const BudgetPeriod period : kAllBudgetPeriods) of(period).window = budget_window(period, now);
}

void Spending::advance(WallTime now) {
  for (const BudgetPeriod period : kAllBudgetPeriods) {
    Sums& sums = of(period);
    if (now >= sums.window.ends_at) {
      sums = Sums{.window = budget_window(period, now)};
    } else if (period != BudgetPeriod::Life && now < sums.window.begins_at - kPatience) {
      sums.window = budget_window(period, now);
      sums.reserved = {};  // those reservations know the former window and will not be found again
    }
  }
}

std::optional<BudgetStop> Spending::refusal(const Budget& budget, const Spend& need) const {
  const std::int64_t needed = need.in(budget.unit);
  if (budget.mode == BudgetMode::Soft || needed <= 0) return std::nullopt;
  const Sums& sums = of(budget.period);
  if (sums.spent.in(budget.unit) + sums.reserved.in(budget.unit) + needed <= budget.limit) return std::nullopt;
  return BudgetStop{level(budget, sums.window.begins_at), needed};
}

Reservation Spending::reserve(const Spend& amount) {
  Reservation reservation{.amount = amount};
  for (std::size_t i = 0; i < kBudgetPeriods; ++i) {
    sums_[i].reserved += amount;
    reservation.windows[i] = sums_[i].window.begins_at;
  }
  return reservation;
}

void Spending::settle(Reservation& reservation, const Spend& actual) {
  const Spend& reserved = reservation.amount;
  const Spend beyond{std::max(actual.money - reserved.money, Money()),
                     std::max<std::int64_t>(actual.tokens - reserved.tokens, 0)};
  for (std::size_t i = 0; i < kBudgetPeriods; ++i) {
    if (sums_[i].window.begins_at != reservation.windows[i]) continue;
    sums_[i].reserved -= reserved;
    sums_[i].spent += actual;
    sums_[i].under_reserved += beyond;
  }
  reservation.amount = {};
}

void Spending::restore(BudgetPeriod period, const BudgetWindow& window, const Spend& spent) {
  if (of(period).window == window) of(period).spent += spent;
}

BudgetLevel Spending::level(const Budget& budget, WallTime now) const {
  const Sums& sums = of(budget.period);
  BudgetLevel level{.budget = budget};
  BudgetWindow window = sums.window;
  if (now < window.ends_at) {
    level.spent = sums.spent.in(budget.unit);
    level.reserved = sums.reserved.in(budget.unit);
    level.under_reserved = sums.under_reserved.in(budget.unit);
  } else {
    window = budget_window(budget.period, now);
  }
  if (budget.period != BudgetPeriod::Life) level.resets_at = window.ends_at;
  return level;
}

}  // namespace tidegate::quota
