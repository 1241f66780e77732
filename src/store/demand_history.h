// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <functional>
#include <string>

namespace tidegate::store {

/// What was asked for in one minute by requests with the same labels, as the ledger remembers it.
struct DemandRow {
  std::int64_t minute = 0;  ///< since 1970, UTC; in which the attempts began
  std::string provider, endpoint, model, speed, tenant;
  std::string key = {};
  std::string wanted_room = {};  ///< `provider/model_group` that they would have gone to, if it was another; else empty
  std::int64_t requests = 0;     ///< whose first attempts these are
  std::int64_t attempts = 0;     ///< that went to the provider, first ones and others
  /// Requests refused by the gateway for want of capacity before any attempt; the provider is then the last one that
  /// they were for, or empty.
  std::int64_t unserved = 0;
  std::int64_t input_tokens = 0;  ///< those read from the prompt cache left out: limits do not count them
  std::int64_t output_tokens = 0;
  std::int64_t cached_tokens = 0;  ///< read from the prompt cache
  Money cost;

  friend bool operator==(const DemandRow&, const DemandRow&) = default;
};

/// Port to what was asked for in the past. Any one thread, never a worker's: it takes some seconds per ten million
/// entries.
class DemandHistory {
 public:
  virtual ~DemandHistory() = default;
  /// Calls `take` with each row of clients' requests in [since, until), ordered by minute. What is still in the journal
  /// is left out: a few seconds at most. `take` gives false to stop. Failure: as the database gives it.
  [[nodiscard]] virtual Result<void> for_each_minute(WallTime since, WallTime until,
                                                     const std::function<bool(const DemandRow&)>& take) = 0;
};

}  // namespace tidegate::store
