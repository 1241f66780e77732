// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/tenant_accounts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace tidegate::app {

namespace {

using quota::BudgetPeriod;
using quota::MissingPast;
using quota::Spend;
using PerPeriod = std::array<Spend, quota::kBudgetPeriods>;
using store::Dimension;

/// Sums by tenant and by key.
struct Sums {
  std::unordered_map<std::string, PerPeriod> tenants, keys;
};

/// What was spent from `since` to `until`, added to the sums of a period.
Result<void> add_period(Sums& sums, BudgetPeriod period, WallTime since, const store::EntryFilter& filter,
                        store::LedgerQueries& ledger) {
  store::EntryFilter of_period = filter;
  if (since > WallTime::min()) of_period.since = since;
  if (of_period.until && since >= *of_period.until) return {};
  const auto rows = ledger.aggregate(of_period, std::array{Dimension::Tenant, Dimension::Key});
  if (!rows) return fail(rows);
  for (const store::CostRow& row : *rows) {
    if (row.labels.size() != 2) continue;
    const Spend spent = spend_of(row.tokens, row.cost);
    sums.tenants[row.labels[0]][static_cast<std::size_t>(period)] += spent;
    if (!row.labels[1].empty()) sums.keys[row.labels[1]][static_cast<std::size_t>(period)] += spent;
  }
  return {};
}

store::EntryFilter::Equals only(std::string_view tenant, std::string_view key) {
  return key.empty() ? store::EntryFilter::Equals{Dimension::Tenant, std::string(tenant)}
                     : store::EntryFilter::Equals{Dimension::Key, std::string(key)};
}

PerPeriod sum_of(Sums& sums, std::string_view tenant, std::string_view key) {
  return key.empty() ? sums.tenants[std::string(tenant)] : sums.keys[std::string(key)];
}

}  // namespace

Spend spend_of(const llm::TokenCounts& tokens, Money cost) { return {cost, tokens.total_input() + tokens.output}; }

void TenantAccounts::adopt(const store::DirectorySnapshot& directory, Now now) {
  std::vector<quota::TenantAccount> accounts;
  directory.for_each_tenant([&](const store::Tenant& tenant) {
    accounts.push_back({tenant.id.text(), std::string(), tenant.allowance});
  });
  directory.for_each_key([&](const store::VirtualKey& key) {
    if (key.revoked_at || (key.expires_at && *key.expires_at <= now.wall)) return;
    accounts.push_back({key.tenant.text(), key.id.text(), key.allowance, key.created_at});
  });
  std::vector<MissingPast> missing = book_.adopt(accounts, now);
  const std::lock_guard lock(mutex_);
  missing_.insert(missing_.end(), std::make_move_iterator(missing.begin()), std::make_move_iterator(missing.end()));
}

bool TenantAccounts::misses_past() const {
  const std::lock_guard lock(mutex_);
  return !missing_.empty();
}

Result<void> TenantAccounts::restore(store::LedgerQueries& ledger, WallTime now) {
  std::vector<MissingPast> missing;
  {
    const std::lock_guard lock(mutex_);
    missing.swap(missing_);
  }
  // Mostly one group: what the start of the program found.
  const auto earlier = [](const MissingPast& a, const MissingPast& b) { return a.until < b.until; };
  std::stable_sort(missing.begin(), missing.end(), earlier);
  for (auto first = missing.begin(); first != missing.end();) {
    const auto last = std::upper_bound(first, missing.end(), *first, earlier);
    if (auto restored = restore_group({first, last}, ledger, now); !restored) {
      const std::lock_guard lock(mutex_);
      missing_.insert(missing_.end(), std::make_move_iterator(first), std::make_move_iterator(missing.end()));
      return restored;
    }
    first = last;
  }
  return {};
}

Result<void> TenantAccounts::restore_group(std::span<const MissingPast> missing, store::LedgerQueries& ledger,
                                           WallTime now) {
  store::EntryFilter filter;
  filter.until = missing.front().until;
  if (missing.size() == 1) filter.equals.push_back(only(missing.front().tenant, missing.front().key));
  Sums sums;
  for (const BudgetPeriod period : quota::kAllBudgetPeriods) {
    // From when on somebody needs it: keys for CI jobs are young, and the ledger may be long.
    std::optional<WallTime> since;
    for (const MissingPast& one : missing) {
      if (one.periods[static_cast<std::size_t>(period)]) since = std::min(since.value_or(WallTime::max()), one.since);
    }
    if (!since) continue;
    since = std::max(*since, quota::budget_window(period, now).begins_at);
    if (auto added = add_period(sums, period, *since, filter, ledger); !added) return added;
  }
  for (const MissingPast& one : missing) book_.restore(one, sum_of(sums, one.tenant, one.key), now);
  return {};
}

}  // namespace tidegate::app
