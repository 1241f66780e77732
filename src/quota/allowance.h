// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "quota/priority.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::quota {

/// The span that a budget is for: an hour, a day, a calendar month, all in UTC; or all the time there is.
enum class BudgetPeriod : std::uint8_t { Hour, Day, Month, Life };
inline constexpr std::size_t kBudgetPeriods = 4;
inline constexpr std::array kAllBudgetPeriods{BudgetPeriod::Hour, BudgetPeriod::Day, BudgetPeriod::Month,
                                              BudgetPeriod::Life};
[[nodiscard]] std::string_view to_string(BudgetPeriod period);
[[nodiscard]] std::optional<BudgetPeriod> budget_period_named(std::string_view name);

/// What a budget counts.
enum class BudgetUnit : std::uint8_t {
  Money,   ///< in nano-dollars
  Tokens,  ///< all that an answer's usage says: input, read from and written to the cache, output
};
inline constexpr std::array kBudgetUnits{BudgetUnit::Money, BudgetUnit::Tokens};
/// "usd", "tokens".
[[nodiscard]] std::string_view to_string(BudgetUnit unit);
[[nodiscard]] std::optional<BudgetUnit> budget_unit_named(std::string_view name);

enum class BudgetMode : std::uint8_t {
  Hard,  ///< a request that does not fit is refused
  Soft,  ///< everything passes; who is beyond is warned
};

/// Money and tokens together: what is counted against budgets.
struct Spend {
  Money money;
  std::int64_t tokens = 0;

  Spend& operator+=(const Spend& other) {
    money += other.money;
    tokens += other.tokens;
    return *this;
  }
  Spend& operator-=(const Spend& other) {
    money -= other.money;
    tokens -= other.tokens;
    return *this;
  }
  /// Nano-dollars, or tokens.
  [[nodiscard]] std::int64_t in(BudgetUnit unit) const {
    return unit == BudgetUnit::Money ? money.nanodollars() : tokens;
  }
  friend bool operator==(const Spend&, const Spend&) = default;
};

/// How much may be spent in a period. As text, which people write and read:
///
///     budget = amount [ "tokens" ] [ "/" period ] { ":" option }
///     amount = dollars ("5", "2.00", "$0.50"); of tokens a whole number, also "500k" or "2M"
///     period = "hour" | "day" | "month" | "life"       ; without it: life
///     option = "soft" | "warn=" 1…100 "%"              ; without them: hard, warn=80%
struct Budget {
  static constexpr int kWarnPercent = 80;

  BudgetPeriod period = BudgetPeriod::Life;
  BudgetUnit unit = BudgetUnit::Money;
  std::int64_t limit = 0;           ///< in the unit; 0: nothing that costs
  int warn_percent = kWarnPercent;  ///< of the limit: beyond it the caller is warned
  BudgetMode mode = BudgetMode::Hard;

  friend bool operator==(const Budget&, const Budget&) = default;
};
/// Failure: InvalidInput, which quotes the text and says what it must be.
[[nodiscard]] Result<Budget> parse_budget(std::string_view text);
/// Reads back as the same budget.
[[nodiscard]] std::string to_text(const Budget& budget);
/// An amount of a unit for people: `4.20 USD`, `120000 tokens`.
[[nodiscard]] std::string amount_text(BudgetUnit unit, std::int64_t amount);

/// What is set aside for a request before its answer tells what it took.
enum class ReserveMode : std::uint8_t {
  WorstCase,  ///< the estimated input and all of `max_tokens`, at list price: what is spent beyond a hard budget is at
              ///< most the error of the estimates of the input
  Learned,    ///< that, scaled by what earlier requests turned out to take: more pass at once, and what those in flight
              ///< take beyond their reservations may be spent beyond the budget
};
/// "worst_case", "learned".
[[nodiscard]] std::string_view to_string(ReserveMode mode);
[[nodiscard]] std::optional<ReserveMode> reserve_mode_named(std::string_view name);
[[nodiscard]] std::optional<Priority> priority_named(std::string_view name);

/// What a tenant, or one of its keys, may take. Absent: not limited here; of priority, weight, reserve and max_wait a
/// key's own come before its tenant's.
struct Allowance {
  std::vector<Budget> budgets;  ///< at most one of each period and unit, in their order; see `put`
  std::optional<std::int64_t> requests_per_minute;
  std::optional<std::int64_t> tokens_per_minute;
  std::optional<Priority> priority;    ///< without any: interactive
  std::optional<std::int64_t> weight;  ///< share of a contended pool, relative to the others'; without any: 1
  std::optional<ReserveMode> reserve;  ///< without any: worst_case
  std::optional<Nanoseconds> max_wait;  ///< how long its requests may wait for a provider's limits

  /// Whether anything that it takes is bounded.
  [[nodiscard]] bool limits() const { return !budgets.empty() || requests_per_minute || tokens_per_minute; }
  [[nodiscard]] bool has_hard_budget() const;
  friend bool operator==(const Allowance&, const Allowance&) = default;
};

/// Adds the budget, in place of one of the same period and unit.
void put(Allowance& allowance, const Budget& budget);

}  // namespace tidegate::quota
