// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "llm/rate_limits.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tidegate::store {

/// The latest reading of one limit of one pool, kept so that a restart does not begin in the dark.
struct StoredLimit {
  std::string pool;
  std::string model_group;
  llm::LimitDimension dimension = llm::LimitDimension::Requests;
  std::optional<std::int64_t> limit;      ///< per minute
  std::optional<std::int64_t> remaining;  ///< at `read_at`
  std::optional<Nanoseconds> full_after;  ///< from `read_at`
  WallTime read_at;
  std::string organisation;
  std::string workspace;

  friend bool operator==(const StoredLimit&, const StoredLimit&) = default;
};

/// Port. One thread at a time: the keeper's (JournalKeeper::every) while running, the main thread at the start.
class LimitsStore {
 public:
  virtual ~LimitsStore() = default;
  /// Puts these in place of what is stored for the same pool, group and dimension. Failure: as Ledger::write.
  [[nodiscard]] virtual Result<void> save(std::span<const StoredLimit> limits) = 0;
  /// Ordered by pool, group, dimension.
  [[nodiscard]] virtual Result<std::vector<StoredLimit>> load() = 0;
};

}  // namespace tidegate::store
