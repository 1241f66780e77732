// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/limit_history.h"

#include <utility>

namespace tidegate::monitor {

std::vector<LimitChange> LimitHistory::look(std::span<const StatedLimit> limits, WallTime now) {
  std::vector<LimitChange> found;
  for (const StatedLimit& stated : limits) {
    auto key = std::tuple(stated.pool, stated.model_group, stated.dimension);
    const auto known = known_.find(key);
    if (known == known_.end()) {
      if (known_.size() < kMostLimits) known_.emplace(std::move(key), stated.limit);
      continue;
    }
    if (known->second == stated.limit) continue;
    found.push_back({.at = now,
                     .pool = stated.pool,
                     .model_group = stated.model_group,
                     .dimension = stated.dimension,
                     .before = std::exchange(known->second, stated.limit),
                     .after = stated.limit});
  }
  std::vector<LimitChange> all = std::exchange(changes_, {});
  all.insert(all.end(), found.begin(), found.end());
  restore(std::move(all));
  return found;
}

void LimitHistory::restore(std::vector<LimitChange> changes) {
  changes_ = std::move(changes);
  if (changes_.size() > kMostChanges) changes_.erase(changes_.begin(), changes_.end() - static_cast<std::ptrdiff_t>(kMostChanges));
}

}  // namespace tidegate::monitor
