// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "base/money.h"

#include "base/ascii.h"

#include <fmt/format.h>

namespace tidegate {

namespace {
__extension__ using Wide = __int128;  // ISO C++ has no 128-bit integer; g++ and clang do

Wide divide_rounding_half_away(Wide value, Wide divisor) {
  const Wide half = divisor / 2;
  return value >= 0 ? (value + half) / divisor : (value - half) / divisor;
}
}  // namespace

Result<Money> Money::parse(std::string_view text) {
  const auto refuse = [&] {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                fmt::format("'{}' is not an amount of dollars; write it as in 5, 5.00 or 0.000125", text));
  };
  std::string_view rest = trim(text);
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  if (rest.starts_with('$')) rest.remove_prefix(1);
  std::int64_t value = 0;
  int decimals = -1;
  bool any_digit = false;
  for (const char c : rest) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') return refuse();
    if (decimals >= 0 && ++decimals > 9) return refuse();
    if (value > 900'000'000'000'000'000) return refuse();
    value = value * 10 + (c - '0');
    any_digit = true;
  }
  if (!any_digit) return refuse();
  for (int i = decimals < 0 ? 0 : decimals; i < 9; ++i) {
    if (value > 900'000'000'000'000'000) return refuse();
    value *= 10;
  }
  return Money(negative ? -value : value);
}

Money PricePerMillion::times(std::int64_t tokens) const {
  const Wide product = static_cast<Wide>(of_a_million.nanodollars()) * tokens;
  return Money::nanodollars(static_cast<std::int64_t>(divide_rounding_half_away(product, 1'000'000)));
}

Money scaled(Money money, std::int64_t numerator, std::int64_t denominator) {
  const Wide product = static_cast<Wide>(money.nanodollars()) * numerator;
  return Money::nanodollars(static_cast<std::int64_t>(divide_rounding_half_away(product, denominator)));
}

std::string to_text(Money money) {
  const bool negative = money.nanodollars() < 0;
  const std::uint64_t value = negative ? 0 - static_cast<std::uint64_t>(money.nanodollars())
                                       : static_cast<std::uint64_t>(money.nanodollars());
  std::string decimals = fmt::format("{:09}", value % 1'000'000'000);
  while (decimals.size() > 2 && decimals.back() == '0') decimals.pop_back();
  return fmt::format("{}{}.{}", negative ? "-" : "", value / 1'000'000'000, decimals);
}

}  // namespace tidegate
