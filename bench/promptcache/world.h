// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "bench/promptcache/oracle.h"
#include "bench/promptcache/policy.h"
#include "bench/promptcache/workload.h"
#include "sim/model/prompt_cache.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tidegate::promptcache {

/// What a run came to.
struct Report {
  std::size_t requests = 0;
  std::size_t refused = 0;    ///< bodies that the provider's reader does not take: none, or an edit was wrong
  std::size_t waited = 0;     ///< requests that were held back
  double waited_seconds = 0;  ///< in all
  sim::CacheUsage usage;
  double billed = 0;           ///< input in full-price tokens
  std::vector<Served> served;  ///< in order of start
};

[[nodiscard]] Multiples multiples_of(const sim::ModelInfo& model);

/// Sends a scenario's requests through a policy to the simulator's cache, in virtual time.
[[nodiscard]] Report run(Scenario scenario, PolicyKind policy, std::string_view model, std::uint64_t seed);

}  // namespace tidegate::promptcache
