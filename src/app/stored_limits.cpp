// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/stored_limits.h"

#include <string>
#include <string_view>

namespace tidegate::app {

namespace {

constexpr std::string_view kKeyMark = "/key:";  // as quota::PoolLevel::pool writes it

}  // namespace

std::vector<store::StoredLimit> to_stored(std::span<const quota::PoolLevel> pools) {
  std::vector<store::StoredLimit> rows;
  for (const quota::PoolLevel& pool : pools) {
    for (const quota::LimitLevel& level : pool.limits) {
      rows.push_back({.pool = pool.pool,
                      .model_group = pool.model_group,
                      .dimension = level.dimension,
                      .limit = level.limit,
                      .remaining = level.remaining,
                      .full_after = level.full_after,
                      .read_at = level.read_at,
                      .organisation = pool.organisation,
                      .workspace = pool.workspace});
    }
  }
  return rows;
}

std::vector<quota::PoolLevel> from_stored(std::span<const store::StoredLimit> rows) {
  std::vector<quota::PoolLevel> pools;
  for (const store::StoredLimit& row : rows) {
    if (pools.empty() || pools.back().pool != row.pool || pools.back().model_group != row.model_group) {
      quota::PoolLevel& pool = pools.emplace_back();
      pool.pool = row.pool;
      pool.provider = row.pool.substr(0, row.pool.find('/'));
      pool.organisation = row.organisation;
      pool.workspace = row.workspace;
      pool.model_group = row.model_group;
      if (const std::size_t mark = row.pool.find(kKeyMark); row.organisation.empty() && mark != std::string::npos) {
        pool.keys.push_back(row.pool.substr(mark + kKeyMark.size()));
      }
    }
    quota::LimitLevel& level = pools.back().limits.emplace_back();
    level.dimension = row.dimension;
    level.limit = row.limit;
    level.remaining = row.remaining;
    level.full_after = row.full_after;
    level.read_at = row.read_at;
  }
  return pools;
}

}  // namespace tidegate::app
