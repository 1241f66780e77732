// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "caching/cache_terms.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tidegate::caching {

inline constexpr SteadyTime kNever = SteadyTime::min();

/// How often something came again. Old counts fade, so that habits may change.
struct ReuseCounts {
  float tried = 0;
  float within_5m = 0;
  float within_1h = 0;  ///< those within five minutes included

  void fade_above(float most) {
    if (tried <= most) return;
    tried /= 2;
    within_5m /= 2;
    within_1h /= 2;
  }
};

/// What is remembered of a prefix; or, under a key of its own, of all prefixes of a kind, whose `counts` then tell how
/// many new ones there were and how many of them were seen again.
struct PrefixNode {
  SteadyTime last_seen = kNever;
  SteadyTime begun = kNever;            ///< start of the latest request that had it and whose answer began
  SteadyTime live_until = kNever;       ///< the provider has an entry that ends here
  SteadyTime in_flight_until = kNever;  ///< a request is writing it; nobody can read it yet
  SteadyTime in_flight_since = kNever;
  SteadyTime distrusted_until = kNever;  ///< reads of it did not happen, time and again
  ReuseCounts counts;
  float tokens_per_byte = 0;  ///< of a scope: as counted by the provider; 0: not known yet
  Lifetime lifetime = Lifetime::FiveMinutes;
  std::uint8_t kind = 0;          ///< what its first sight was counted under
  std::uint8_t missed_reads = 0;  ///< in a row
  bool has_come_again = false;    ///< its kind knows
};

/// Prefixes by key in a fixed amount of memory: sets of eight, where a new one takes the place of the one not seen for
/// longest (an hour longer if it was ever seen again, so that a flood of prompts that come once washes nothing away).
class PrefixTable {
 public:
  /// At least `capacity` places, rounded up to a power of two.
  explicit PrefixTable(std::size_t capacity);

  /// Null if it is not known. Valid until the next `place`, and never dangling: the memory is the table's.
  [[nodiscard]] PrefixNode* find(std::uint64_t key);
  /// A fresh node, in the place of the least useful of its set. `key` must not be there.
  PrefixNode& place(std::uint64_t key, SteadyTime now);
  [[nodiscard]] std::size_t capacity() const { return nodes_.size(); }

 private:
  static constexpr std::size_t kWays = 8;
  [[nodiscard]] std::size_t set_of(std::uint64_t key) const {
    return (key >> 32 & (nodes_.size() / kWays - 1)) * kWays;
  }

  std::vector<std::uint64_t> keys_;  // apart from the nodes: a set's eight keys are one cache line
  std::vector<PrefixNode> nodes_;
};

}  // namespace tidegate::caching
