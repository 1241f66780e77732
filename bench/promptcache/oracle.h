// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "sim/model/prompt_cache.h"

#include <cstdint>
#include <vector>

namespace tidegate::promptcache {

/// What a provider charges for a token, in multiples of the input price.
struct Multiples {
  double read, write_5m, write_1h;
};

/// A request as the provider met it.
struct Served {
  SteadyTime start;
  SteadyTime first_byte;
  sim::CachePrompt prompt;  ///< its marks do not matter
};

/// May a request be held back until another one's answer begins?
enum class Holding : std::uint8_t { Forbidden, Allowed };

/// What one who knows the future pays at the least for the input of these requests, in full-price tokens: a lower bound
/// of what any marks can reach. Each block, together with all before it, is looked at alone: at each request it is paid
/// in full, written for five minutes or an hour, or read if it was written and each request since came in time. The
/// best sequence is found exactly; that marks are four, look back 20 blocks and go with their neighbours is left out,
/// which can only make it cheaper. `requests` in order of start.
[[nodiscard]] double least_cost(const std::vector<Served>& requests, const Multiples& multiples, Holding holding);

}  // namespace tidegate::promptcache
