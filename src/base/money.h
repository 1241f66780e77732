// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate {

/// An amount of US dollars in whole nano-dollars: exact sums, no floating point. ±9.2 billion dollars.
class Money {
 public:
  constexpr Money() = default;
  [[nodiscard]] static constexpr Money nanodollars(std::int64_t count) { return Money(count); }
  [[nodiscard]] static constexpr Money dollars(std::int64_t whole) { return Money(whole * 1'000'000'000); }
  /// Reads `5`, `5.00`, `$0.000125`, up to nine decimals. Failure: InvalidInput.
  [[nodiscard]] static Result<Money> parse(std::string_view text);

  [[nodiscard]] constexpr std::int64_t nanodollars() const { return nanodollars_; }
  /// For charts and rates only, never for sums.
  [[nodiscard]] constexpr double as_dollars() const { return static_cast<double>(nanodollars_) * 1e-9; }

  friend constexpr auto operator<=>(Money, Money) = default;
  constexpr Money& operator+=(Money other) {
    nanodollars_ += other.nanodollars_;
    return *this;
  }
  constexpr Money& operator-=(Money other) {
    nanodollars_ -= other.nanodollars_;
    return *this;
  }
  friend constexpr Money operator+(Money a, Money b) { return a += b; }
  friend constexpr Money operator-(Money a, Money b) { return a -= b; }
  friend constexpr Money operator-(Money a) { return Money(-a.nanodollars_); }

 private:
  explicit constexpr Money(std::int64_t nanodollars) : nanodollars_(nanodollars) {}
  std::int64_t nanodollars_ = 0;
};

/// Price of one million tokens; one token of a $1 price is 1,000 nano-dollars, so every published price is exact.
struct PricePerMillion {
  Money of_a_million;

  /// Exact: nano-dollars per million times tokens, divided by a million, rounded half up. 128-bit inside.
  [[nodiscard]] Money times(std::int64_t tokens) const;

  friend constexpr auto operator<=>(const PricePerMillion&, const PricePerMillion&) = default;
};

/// Exact decimal dollars with at least two decimals: `1.50`, `0.000125`, `-3.00`. No currency sign.
[[nodiscard]] std::string to_text(Money money);

/// `money` scaled by `numerator / denominator` (denominator > 0), rounded half away from zero: batch 1/2, geo 11/10.
[[nodiscard]] Money scaled(Money money, std::int64_t numerator, std::int64_t denominator);

}  // namespace tidegate
