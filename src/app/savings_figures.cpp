// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/savings_figures.h"

#include "metrics/names.h"

#include <map>
#include <string_view>
#include <utility>

namespace tidegate::app {

void add_savings_figures(metrics::SampleSink& sink, std::span<const caching::SavingsBook::Line> lines) {
  using metrics::definition;
  using metrics::Metric;
  std::map<std::pair<std::string_view, bool>, caching::Savings> by_model;
  for (const caching::SavingsBook::Line& line : lines) by_model[{line.model, line.is_dry_run}] += line.savings;
  for (const auto& [key, sum] : by_model) {
    if (sum.marked == 0) continue;
    const std::string_view model = key.first;
    const std::string_view mode = key.second ? "dry_run" : "on";
    const auto add_tokens = [&](std::string_view kind, std::int64_t tokens) {
      sink.add(definition(Metric::PromptCacheTokens), {model, kind, mode}, static_cast<double>(tokens));
    };
    add_tokens("cache_read", sum.tokens_read);
    add_tokens("cache_write_5m", sum.tokens_written_5m);
    add_tokens("cache_write_1h", sum.tokens_written_1h);
    sink.add(definition(Metric::PromptCacheRequests), {model, mode}, static_cast<double>(sum.marked));
    sink.add(definition(Metric::PromptCacheSaved), {model, mode}, static_cast<double>(sum.saved.nanodollars()) / 1e9);
    sink.add(definition(Metric::PromptCacheQuotaTokens), {model, mode}, static_cast<double>(sum.quota_tokens));
  }
}

}  // namespace tidegate::app
