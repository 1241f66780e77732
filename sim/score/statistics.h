// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/score/plan.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::sim {

/// How one request of the score ended.
struct ScoredRequest {
  std::size_t tenant = 0;
  int attempts = 0;
  int refused_429 = 0;    ///< attempts that were answered with 429
  int last_status = 0;    ///< 0: no answer
  bool is_whole = false;  ///< else it failed
  /// From the first attempt to the first event, at speed 1; absent: it never came.
  std::optional<double> wait_seconds{};
};

/// What the provider itself counted meanwhile.
struct ProviderCounts {
  std::int64_t refused_429 = 0;                  ///< answers
  std::map<std::string, std::int64_t> refusals;  ///< by the limit that was met
  std::int64_t charged = 0;                      ///< calls
  std::string dimension;  ///< the one of which most was used, as its bucket is called: `requests`
  /// Percent of what that dimension's limits let through in the time, over all organisations.
  double utilisation = 0;
};

/// One dimension of all organisations together.
struct DimensionUse {
  std::string name;
  double used = 0;
  double limit = 0;  ///< per minute
};
/// The dimension that was used most. `minutes` of the provider's clock.
void set_binding(ProviderCounts& counts, const std::vector<DimensionUse>& uses, double minutes);

/// Seconds at speed 1.
struct WaitQuantiles {
  std::size_t count = 0;
  double p50 = 0, p95 = 0, p99 = 0;
};

/// The score: percent are of the requests.
struct Score {
  std::size_t requests = 0, attempts = 0;
  double any_429 = 0;    ///< percent that met a 429 at any attempt
  double final_429 = 0;  ///< percent for which the SDK gave up after a 429
  double failures = 0;   ///< percent without a whole answer, those included
  /// `429`, `503`, `no answer`, `no event` (a 200 that came to nothing in time), `broken off`.
  std::map<std::string, std::size_t> failed_by;
  std::array<WaitQuantiles, kScoreClasses> waits;
  std::optional<ProviderCounts> provider;
  double upstream_429_per_100 = 0;  ///< with `provider`
};

[[nodiscard]] Score summarise(const std::vector<ScoredRequest>& requests, std::optional<ProviderCounts> provider);
[[nodiscard]] std::string to_table(const Score& score);
/// One object.
[[nodiscard]] std::string to_json(const Score& score);

}  // namespace tidegate::sim
