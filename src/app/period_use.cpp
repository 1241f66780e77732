// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/period_use.h"

#include "llm/dialect.h"
#include "llm/model_group.h"

#include <algorithm>

namespace tidegate::app {

using quota::kPeriodDimensions;
using quota::PeriodDimension;

namespace {

std::string pool_of(std::span<const upstream::ProviderOptions> providers, std::string_view provider, std::string_view organisation, std::string_view key) {
  std::string pool = organisation.empty() ? "key:" + std::string(key) : std::string(organisation);
  for (const upstream::ProviderOptions& options : providers) {
    if (options.id.text() != provider) continue;
    for (const upstream::ProviderKey& known : options.keys) {
      if (known.name == key && !known.workspace.empty()) pool += "/" + known.workspace;
    }
  }
  return pool;
}

}  // namespace

bool PeriodUse::is_needed(std::span<const upstream::ProviderOptions> providers) {
  return std::any_of(providers.begin(), providers.end(), [](const upstream::ProviderOptions& provider) {
    return !provider.admin_key.empty() || std::any_of(provider.pools.limits.begin(), provider.pools.limits.end(), [](const quota::GroupLimitRule& rule) {
      return rule.limits.periods != quota::PeriodLimits{};
    });
  });
}

Result<void> PeriodUse::restore(store::LedgerQueries& ledger, std::span<const upstream::ProviderOptions> providers, WallTime now) {
  using store::Dimension;
  constexpr Dimension kBy[] = {Dimension::Provider, Dimension::Organisation, Dimension::Pool, Dimension::Model, Dimension::Endpoint};
  at_ = now;
  for (const bool is_day : {true, false}) {
    const auto period = std::chrono::hours(is_day ? 24 : 30 * 24);
    auto rows = ledger.aggregate({.since = now - period, .until = std::nullopt, .kind = std::nullopt, .equals = {}}, kBy);
    if (!rows) return fail(rows);
    for (const store::CostRow& row : *rows) {
      const auto& [provider, organisation, key, model, endpoint] = std::tie(row.labels[0], row.labels[1], row.labels[2], row.labels[3], row.labels[4]);
      // What names no model has a room of its own, and free calls have no limits of this kind.
      if (endpoint == to_string(llm::Endpoint::CountTokens) || model.empty()) continue;
      quota::PerPeriod<double>& used =
          used_[{provider, llm::model_group(llm::Endpoint::Messages, model, {}), pool_of(providers, provider, organisation, key)}];
      const auto attempts = static_cast<double>(row.attempts - row.refused);
      const auto tokens = static_cast<double>(row.tokens.total_input() - row.tokens.cache_read + row.tokens.output);
      used[is_day ? PeriodDimension::RequestsPerDay : PeriodDimension::RequestsPerMonth] += attempts;
      used[is_day ? PeriodDimension::TokensPerDay : PeriodDimension::TokensPerMonth] += tokens;
    }
  }
  return {};
}

void PeriodUse::add_to(std::vector<quota::KnownPool>& pools, std::string_view provider, std::string_view model_group, WallTime now) const {
  const double passed = std::chrono::duration<double>(now - at_).count();
  const Name first{std::string(provider), std::string(model_group), std::string()};
  for (auto entry = used_.lower_bound(first); entry != used_.end(); ++entry) {
    const auto& [its_provider, its_group, its_pool] = entry->first;
    if (its_provider != provider || its_group != model_group) break;
    auto pool = std::find_if(pools.begin(), pools.end(), [&](const quota::KnownPool& known) { return known.pool == its_pool; });
    if (pool == pools.end()) pool = pools.insert(pools.end(), {.pool = its_pool, .limits = {}, .levels = {}, .used = {}});
    for (const PeriodDimension d : kPeriodDimensions) {
      pool->used[d] = entry->second[d] * std::clamp(1 - passed / quota::period_seconds(d), 0.0, 1.0);
    }
  }
}

}  // namespace tidegate::app
