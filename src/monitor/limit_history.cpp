// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/limit_history.h"

#include <algorithm>
#include <iterator>
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
    const std::int64_t before = std::exchange(known->second, stated.limit);
    // A process that is killed saves its readings a little later than its changes: then the next one begins with the
    // old limit.
    if (told(stated) == stated.limit) continue;
    found.push_back({.at = now,
                     .pool = stated.pool,
                     .model_group = stated.model_group,
                     .dimension = stated.dimension,
                     .before = before,
                     .after = stated.limit});
  }
  changes_seen_ += found.size();
  changes_.insert(changes_.end(), found.begin(), found.end());
  drop_old();
  return found;
}

std::optional<std::int64_t> LimitHistory::told(const StatedLimit& stated) const {
  const auto newest = std::find_if(changes_.rbegin(), changes_.rend(), [&](const LimitChange& change) {
    return change.pool == stated.pool && change.model_group == stated.model_group &&
           change.dimension == stated.dimension;
  });
  return newest == changes_.rend() ? std::nullopt : std::optional(newest->after);
}

void LimitHistory::restore(std::vector<LimitChange> earlier) {
  changes_.insert(changes_.begin(), std::make_move_iterator(earlier.begin()), std::make_move_iterator(earlier.end()));
  drop_old();
}

void LimitHistory::drop_old() {
  if (changes_.size() > kMostChanges)
    changes_.erase(changes_.begin(), changes_.end() - static_cast<std::ptrdiff_t>(kMostChanges));
}

}  // namespace tidegate::monitor
