// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>

namespace tidegate::caching {

/// Whether the gateway marks prompts for the provider's cache.
enum class Injection : std::uint8_t {
  Off,     ///< nothing is watched
  DryRun,  ///< watched and reckoned, but no body is changed
  On,
};

/// Which lives of cache entries may be bought.
enum class LifetimeChoice : std::uint8_t {
  Automatic,    ///< an hour where the gaps between requests are longer than five minutes and it pays
  FiveMinutes,  ///< never an hour
};

struct CachingOptions {
  Injection enabled = Injection::Off;
  LifetimeChoice lifetime = LifetimeChoice::Automatic;
  /// Mark a prefix that was never seen before, where prompts like it were seen again; of a kind of which nothing is
  /// known yet, the first one or two. False: only what was seen again before, or what grows like what was.
  bool first_sight = true;
  /// How many prefixes are remembered; the ones not seen for longest give way. Some 100 bytes each.
  std::size_t max_prefixes = 32'768;
  /// How long a request may wait for the first byte of another one that is writing the prefix it needs; 0: never.
  Nanoseconds fan_out_wait{0};

  friend bool operator==(const CachingOptions&, const CachingOptions&) = default;
};

}  // namespace tidegate::caching
