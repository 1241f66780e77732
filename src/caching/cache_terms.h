// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/time.h"
#include "caching/caching_options.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidegate::caching {

/// How long an entry lives after the start of the request that wrote or read it last.
enum class Lifetime : std::uint8_t { FiveMinutes, OneHour };

[[nodiscard]] constexpr Nanoseconds length_of(Lifetime lifetime) {
  return lifetime == Lifetime::OneHour ? Nanoseconds(std::chrono::hours(1)) : Nanoseconds(std::chrono::minutes(5));
}

/// What a model's cache costs, in multiples of its input price, and from where on it serves (facts/anthropic-api.md 3).
struct CacheTerms {
  double read = 0.1;
  double write_5m = 1.25;
  double write_1h = 2.0;
  std::int64_t minimum_tokens = 1024;  ///< a shorter prefix is silently not cached, and not charged either

  [[nodiscard]] double write(Lifetime lifetime) const { return lifetime == Lifetime::OneHour ? write_1h : write_5m; }
};

/// The prices of a model's input by kind.
struct InputPrices {
  PricePerMillion input, cache_read, cache_write_5m, cache_write_1h;
};

/// Multiples from prices. A model without an input price is taken for one of the usual multiples.
[[nodiscard]] CacheTerms terms_of(const InputPrices& prices, std::int64_t minimum_tokens);

/// The shortest prefix that a model caches. Where no figure was published it is the predecessor's: too low a guess buys
/// nothing and costs nothing.
[[nodiscard]] std::int64_t minimum_cached_tokens(std::string_view model);

/// How likely a prefix is to be seen again within each lifetime, counted from its last sight.
struct Reuse {
  double within_5m = 0;
  double within_1h = 0;

  friend bool operator==(const Reuse&, const Reuse&) = default;
};

/// What a token of a prefix costs at each sight if it is marked with that lifetime: read if it came back in time, else
/// written anew. Unmarked it costs 1.
[[nodiscard]] double expected_cost(const Reuse& reuse, Lifetime lifetime, const CacheTerms& terms);

/// The cheapest lifetime; nothing where no mark is cheaper, that is where p <= (w - 1) / (w - r).
[[nodiscard]] std::optional<Lifetime> best_lifetime(const Reuse& reuse, const CacheTerms& terms, LifetimeChoice choice);

}  // namespace tidegate::caching
