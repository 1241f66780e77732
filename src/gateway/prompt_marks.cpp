// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/prompt_marks.h"

namespace tidegate::gateway {

PromptMarks::PromptMarks(const caching::CachingOptions& options, std::uint64_t seed) : options_(options), hasher_(seed), advisor_(options) {}

caching::Advice PromptMarks::advise(const caching::PrefixChain& chain, const caching::CacheTerms& terms, SteadyTime now, caching::Asking asking) {
  const std::lock_guard lock(mutex_);
  return advisor_.advise(chain, terms, now, asking);
}

void PromptMarks::begun(const caching::Advice& advice) {
  const std::lock_guard lock(mutex_);
  advisor_.begun(advice);
}

void PromptMarks::failed(const caching::Advice& advice) {
  const std::lock_guard lock(mutex_);
  advisor_.failed(advice);
}

bool PromptMarks::has_begun(std::uint64_t key, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  return advisor_.has_begun(key, now);
}

void PromptMarks::counted(const caching::Advice& advice, const llm::TokenCounts& tokens, const caching::InputPrices& prices, bool reads_count,
                          std::string_view model, std::string_view tenant) {
  const caching::Savings saved = caching::savings_of(advice, tokens, prices, reads_count);
  const std::lock_guard lock(mutex_);
  advisor_.counted(advice, tokens);
  savings_.add(model, tenant, advice.is_dry_run, saved);
}

std::vector<caching::SavingsBook::Line> PromptMarks::savings() const {
  const std::lock_guard lock(mutex_);
  return savings_.snapshot();
}

}  // namespace tidegate::gateway
