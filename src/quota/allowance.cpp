// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/allowance.h"

#include "base/ascii.h"
#include "base/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace tidegate::quota {

namespace {

/// More tokens than any budget can mean; keeps sums far from the end of the number.
constexpr std::int64_t kMostTokens = 1'000'000'000'000'000;

template <typename Value, std::size_t N>
std::optional<Value> named(const std::array<Value, N>& values, std::string_view name) {
  for (const Value value : values) {
    if (to_string(value) == name) return value;
  }
  return std::nullopt;
}

tl::unexpected<Failure> no_budget(std::string_view text, std::string_view why) {
  return fail(FailureKind::InvalidInput, Origin::Operator,
              fmt::format("'{}' is no budget: {}; write it such as 2.00, 5.00/day, 500k tokens/hour or "
                          "100/month:soft:warn=90%",
                          text.substr(0, 80), why));
}

/// Takes what follows the last `separator` off the text.
std::optional<std::string_view> take_tail(std::string_view& text, char separator) {
  const std::size_t at = text.rfind(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view tail = trim(text.substr(at + 1));
  text = trim(text.substr(0, at));
  return tail;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text = trim(text.substr(0, text.size() - suffix.size()));
  return true;
}

std::optional<std::int64_t> read_tokens(std::string_view text) {
  std::int64_t unit = 1;
  if (take_suffix(text, "k")) {
    unit = 1'000;
  } else if (take_suffix(text, "M")) {
    unit = 1'000'000;
  }
  const auto count = parse_integer(text);
  if (!count || *count < 0 || *count > kMostTokens / unit) return std::nullopt;
  return *count * unit;
}

bool take_option(std::string_view option, Budget& budget) {
  if (option == "soft") {
    budget.mode = BudgetMode::Soft;
    return true;
  }
  if (!option.starts_with("warn=")) return false;
  std::string_view percent = trim(option.substr(5));
  if (!take_suffix(percent, "%")) return false;
  const auto number = parse_integer(percent);
  if (!number || *number < 1 || *number > 100) return false;
  budget.warn_percent = static_cast<int>(*number);
  return true;
}

}  // namespace

std::string_view to_string(BudgetPeriod period) {
  switch (period) {
    case BudgetPeriod::Hour: return "hour";
    case BudgetPeriod::Day: return "day";
    case BudgetPeriod::Month: return "month";
    case BudgetPeriod::Life: return "life";
  }
  return "life";
}

std::optional<BudgetPeriod> budget_period_named(std::string_view name) { return named(kAllBudgetPeriods, name); }

std::string_view to_string(BudgetUnit unit) { return unit == BudgetUnit::Money ? "usd" : "tokens"; }

std::optional<BudgetUnit> budget_unit_named(std::string_view name) { return named(kBudgetUnits, name); }

std::string_view to_string(ReserveMode mode) { return mode == ReserveMode::Learned ? "learned" : "worst_case"; }

std::optional<ReserveMode> reserve_mode_named(std::string_view name) {
  return named(std::array{ReserveMode::WorstCase, ReserveMode::Learned}, name);
}

std::optional<Priority> priority_named(std::string_view name) { return named(kPriorities, name); }

Result<Budget> parse_budget(std::string_view text) {
  Budget budget;
  std::string_view rest = trim(text);
  while (const auto option = take_tail(rest, ':')) {
    if (!take_option(*option, budget)) {
      return no_budget(text, fmt::format("'{}' is neither soft nor warn=1%…100%", *option));
    }
  }
  if (const auto name = take_tail(rest, '/')) {
    const auto period = budget_period_named(*name);
    if (!period) return no_budget(text, fmt::format("'{}' is neither hour, day, month nor life", *name));
    budget.period = *period;
  }
  if (take_suffix(rest, "tokens")) {
    budget.unit = BudgetUnit::Tokens;
    const auto tokens = read_tokens(rest);
    if (!tokens) return no_budget(text, fmt::format("'{}' is no number of tokens", rest));
    budget.limit = *tokens;
    return budget;
  }
  const auto money = Money::parse(rest);
  if (!money || *money < Money()) return no_budget(text, fmt::format("'{}' is no amount of dollars", rest));
  budget.limit = money->nanodollars();
  return budget;
}

std::string to_text(const Budget& budget) {
  std::string text = budget.unit == BudgetUnit::Money ? to_text(Money::nanodollars(budget.limit))
                                                      : fmt::format("{}tokens", budget.limit);
  text += fmt::format("/{}", to_string(budget.period));
  if (budget.mode == BudgetMode::Soft) text += ":soft";
  if (budget.warn_percent != Budget::kWarnPercent) text += fmt::format(":warn={}%", budget.warn_percent);
  return text;
}

std::string amount_text(BudgetUnit unit, std::int64_t amount) {
  return unit == BudgetUnit::Money ? to_text(Money::nanodollars(amount)) + " USD" : fmt::format("{} tokens", amount);
}

bool Allowance::has_hard_budget() const {
  return std::any_of(budgets.begin(), budgets.end(),
                     [](const Budget& budget) { return budget.mode == BudgetMode::Hard; });
}

void put(Allowance& allowance, const Budget& budget) {
  const auto place_of = [](const Budget& one) { return std::tuple(one.period, one.unit); };
  const auto place =
      std::lower_bound(allowance.budgets.begin(), allowance.budgets.end(), budget,
                       [&](const Budget& a, const Budget& b) { return place_of(a) < place_of(b); });
  if (place != allowance.budgets.end() && place_of(*place) == place_of(budget)) {
    *place = budget;
  } else {
    allowance.budgets.insert(place, budget);
  }
}

}  // namespace tidegate::quota
