// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/cache_terms.h"

#include <array>

namespace tidegate::caching {

namespace {

struct Minimum {
  std::string_view begins;
  std::int64_t tokens;
};

// The first that fits; facts/anthropic-api.md 3. Longer names stand before the ones they begin with.
constexpr std::array kMinimums{
    Minimum{"claude-opus-4-8", 1024}, Minimum{"claude-opus-4-7", 2048},       Minimum{"claude-opus-4-6", 4096},
    Minimum{"claude-opus-4-5", 4096}, Minimum{"claude-opus-4", 1024},         Minimum{"claude-opus-", 512},
    Minimum{"claude-fable-", 512},    Minimum{"claude-mythos-preview", 2048}, Minimum{"claude-mythos-", 512},
    Minimum{"claude-sonnet-", 1024},  Minimum{"claude-haiku-", 4096},         Minimum{"claude-3-5-haiku", 2048},
};
constexpr std::int64_t kUsualMinimum = 1024;

}  // namespace

CacheTerms terms_of(const InputPrices& prices, std::int64_t minimum_tokens) {
  CacheTerms terms;
  terms.minimum_tokens = minimum_tokens;
  const auto input = static_cast<double>(prices.input.of_a_million.nanodollars());
  if (input <= 0) return terms;
  const auto multiple = [&](PricePerMillion price) {
    return static_cast<double>(price.of_a_million.nanodollars()) / input;
  };
  terms.read = multiple(prices.cache_read);
  terms.write_5m = multiple(prices.cache_write_5m);
  terms.write_1h = multiple(prices.cache_write_1h);
  return terms;
}

std::int64_t minimum_cached_tokens(std::string_view model) {
  // Bedrock's ids are `anthropic.claude-…`, with a region in front or not.
  if (const std::size_t at = model.find("claude-"); at != std::string_view::npos) model.remove_prefix(at);
  for (const Minimum& row : kMinimums) {
    if (model.starts_with(row.begins)) return row.tokens;
  }
  return kUsualMinimum;
}

double expected_cost(const Reuse& reuse, Lifetime lifetime, const CacheTerms& terms) {
  const double p = lifetime == Lifetime::OneHour ? reuse.within_1h : reuse.within_5m;
  return p * terms.read + (1 - p) * terms.write(lifetime);
}

std::optional<Lifetime> best_lifetime(const Reuse& reuse, const CacheTerms& terms, LifetimeChoice choice) {
  const double short_cost = expected_cost(reuse, Lifetime::FiveMinutes, terms);
  const double long_cost = expected_cost(reuse, Lifetime::OneHour, terms);
  if (choice == LifetimeChoice::Automatic && long_cost < short_cost && long_cost < 1) return Lifetime::OneHour;
  if (short_cost < 1) return Lifetime::FiveMinutes;
  return std::nullopt;
}

}  // namespace tidegate::caching
