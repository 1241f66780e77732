// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "caching/cache_advisor.h"
#include "caching/cache_terms.h"
#include "llm/usage.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::caching {

/// What injected marks came to.
struct Savings {
  std::uint64_t requests = 0;  ///< that the advisor looked at and that were answered
  std::uint64_t marked = 0;    ///< of them, with marks of ours (in a dry run: that would have had some)
  std::int64_t tokens_read = 0;
  std::int64_t tokens_written_5m = 0;
  std::int64_t tokens_written_1h = 0;
  Money saved{};                  ///< against the plain input price, net of the writes; negative if they did not pay
  std::int64_t quota_tokens = 0;  ///< input tokens that did not count against the provider's limit

  Savings& operator+=(const Savings& other);
  friend bool operator==(const Savings&, const Savings&) = default;
};

/// What one answered request saved: `counted` is its usage. In a dry run the prompt's tokens are divided as the plan
/// would have had them. Without marks of ours nothing is saved, whatever was read. `reads_count_against_limit`: models
/// whose limit takes reads too (facts/anthropic-api.md 1.1).
[[nodiscard]] Savings savings_of(const Advice& advice, const llm::TokenCounts& counted, const InputPrices& prices,
                                 bool reads_count_against_limit = false);

/// Savings by model and tenant, real ones and those of dry runs apart. One thread.
class SavingsBook {
 public:
  struct Line {
    std::string model, tenant;
    bool is_dry_run = false;
    Savings savings;
  };

  /// How many pairs of model and tenant have a line of their own; the others share one, `other`.
  explicit SavingsBook(std::size_t max_lines = 500) : max_lines_(max_lines) {}

  void add(std::string_view model, std::string_view tenant, bool is_dry_run, const Savings& savings);
  /// By model, then tenant.
  [[nodiscard]] std::vector<Line> snapshot() const;

 private:
  struct Pair {
    std::string model, tenant;
    bool is_dry_run = false;
    friend auto operator<=>(const Pair&, const Pair&) = default;
  };

  std::size_t max_lines_;
  std::map<Pair, Savings> lines_;
};

}  // namespace tidegate::caching
