// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "caching/cache_advisor.h"
#include "caching/cache_terms.h"
#include "caching/caching_options.h"
#include "caching/prefix_chain.h"
#include "caching/savings_book.h"

#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

namespace tidegate::gateway {

/// Where marks for the providers' prompt caches pay, shared by all workers (docs/prompt_cache.md). Any thread; each call holds a lock for a
/// microsecond or two, hashing needs none.
class PromptMarks {
 public:
  /// `seed`: a random number, so that nobody outside can tell or choose a key.
  PromptMarks(const caching::CachingOptions& options, std::uint64_t seed);

  [[nodiscard]] const caching::CachingOptions& options() const { return options_; }
  [[nodiscard]] caching::PrefixChain read(const llm::PromptLayout& layout, std::string_view body, const caching::PromptScope& scope) const {
    return hasher_.read(layout, body, scope);
  }

  // As CacheAdvisor's.
  [[nodiscard]] caching::Advice advise(const caching::PrefixChain& chain, const caching::CacheTerms& terms, SteadyTime now, caching::Asking asking);
  void begun(const caching::Advice& advice);
  void failed(const caching::Advice& advice);
  [[nodiscard]] bool has_begun(std::uint64_t key, SteadyTime now);
  /// What the provider counted, and what came of the marks in money.
  void counted(const caching::Advice& advice, const llm::TokenCounts& tokens, const caching::InputPrices& prices, bool reads_count, std::string_view model,
               std::string_view tenant);

  /// By model and tenant, since the start.
  [[nodiscard]] std::vector<caching::SavingsBook::Line> savings() const;

 private:
  const caching::CachingOptions options_;
  const caching::PrefixHasher hasher_;
  mutable std::mutex mutex_;  ///< guards the fields below
  caching::CacheAdvisor advisor_;
  caching::SavingsBook savings_;
};

}  // namespace tidegate::gateway
