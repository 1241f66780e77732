// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "quota/allowance.h"

#include <array>
#include <cstdint>
#include <optional>

namespace tidegate::quota {

/// The hour, day or month that an instant lies in. UTC.
struct BudgetWindow {
  WallTime begins_at = WallTime::min();
  WallTime ends_at = WallTime::max();  ///< exclusive

  friend bool operator==(const BudgetWindow&, const BudgetWindow&) = default;
};
[[nodiscard]] BudgetWindow budget_window(BudgetPeriod period, WallTime at);

/// How a budget stands. Figures in its unit.
struct BudgetLevel {
  Budget budget;
  std::int64_t spent = 0;
  std::int64_t reserved = 0;        ///< for requests in flight
  std::int64_t under_reserved = 0;  ///< what answers took beyond their reservations, summed over the window
  std::optional<WallTime> resets_at = {};  ///< absent: never

  [[nodiscard]] std::int64_t left() const { return budget.limit - spent - reserved; }
  /// At most `under_reserved` where the budget was hard all the time.
  [[nodiscard]] std::int64_t overspent() const { return spent > budget.limit ? spent - budget.limit : 0; }
  /// Never of a budget of 0, which is meant to be spent.
  [[nodiscard]] bool is_beyond_warning() const;
};

/// Why a hard budget refuses a request.
struct BudgetStop {
  BudgetLevel level;
  std::int64_t needed = 0;  ///< the request's own reservation

  /// True: it would not fit either if nothing were in flight; only the next window (or a larger budget) helps.
  [[nodiscard]] bool is_spent() const { return level.spent + needed > level.budget.limit; }
  /// True: it does not even fit into a fresh window.
  [[nodiscard]] bool is_too_large() const { return needed > level.budget.limit; }
};

/// What a request has set aside. Belongs to the Spending that made it, and to the windows of that moment: what is
/// settled later counts there, as the ledger sorts a request by when it began.
struct Reservation {
  Spend amount;
  std::array<WallTime, kBudgetPeriods> windows{};
};

/// What one tenant or key has spent and set aside in the running hour, day and month, and over its life; budgets are
/// held against it. Reserve, then settle: so that the requests in flight cannot overspend together. Pure: time is an
/// argument. Not thread-safe.
class Spending {
 public:
  explicit Spending(WallTime now);

  /// Begins the windows that `now` lies in. A clock that is set back leaves them as they are for up to an hour, and
  /// takes what is spent along if it was more: what is spent stays spent.
  void advance(WallTime now);

  /// Why a request that sets `need` aside does not fit a budget; nothing if it does, if the budget is soft, or if the
  /// request is free in the budget's unit. After `advance`.
  [[nodiscard]] std::optional<BudgetStop> refusal(const Budget& budget, const Spend& need) const;

  /// After `advance`.
  [[nodiscard]] Reservation reserve(const Spend& amount);
  /// What was really taken replaces the reservation; a second time it is added.
  void settle(Reservation& reservation, const Spend& actual);
  /// Nothing was taken.
  void release(Reservation& reservation) { settle(reservation, {}); }

  /// Adds what earlier runs spent. Ignored if `window` is not the running one of the period.
  void restore(BudgetPeriod period, const BudgetWindow& window, const Spend& spent);

  /// At `now`, which may be in a later window than the last `advance`.
  [[nodiscard]] BudgetLevel level(const Budget& budget, WallTime now) const;

 private:
  struct Sums {
    BudgetWindow window;
    Spend spent = {}, reserved = {}, under_reserved = {};
  };
  [[nodiscard]] Sums& of(BudgetPeriod period) { return sums_[static_cast<std::size_t>(period)]; }
  [[nodiscard]] const Sums& of(BudgetPeriod period) const { return sums_[static_cast<std::size_t>(period)]; }

  std::array<Sums, kBudgetPeriods> sums_;
};

}  // namespace tidegate::quota
