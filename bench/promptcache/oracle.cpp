// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/promptcache/oracle.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>

namespace tidegate::promptcache {

namespace {

/// A request that had a certain prefix.
struct Visit {
  SteadyTime start;
  SteadyTime readable;   ///< what it writes can be read from here on
  bool is_long_enough;   ///< the whole prompt reaches the model's minimum
  bool has_more_behind;  ///< a block behind the prefix, whose mark for an hour would keep the prefix alive as well
};

class Sequence {
 public:
  Sequence(const std::vector<Visit>& visits, const Multiples& multiples)
      : visits_(visits), multiples_(multiples), from_(visits.size() + 1, 0.0) {}

  /// The cheapest way through all visits, for one token.
  double cost() {
    for (std::size_t i = visits_.size(); i-- > 0;) {
      from_[i] = 1 + from_[i + 1];
      if (!visits_[i].is_long_enough) continue;
      try_writing(i, multiples_.write_5m, std::chrono::minutes(5));
      try_writing(i, multiples_.write_1h, std::chrono::hours(1));
    }
    return from_[0];
  }

 private:
  /// Written at `first` and read as long as it lives; what comes after may begin at any visit. Who reads it may write
  /// an entry for an hour behind it, and the whole prompt up to there lives so long: only the blocks behind pay for
  /// that.
  void try_writing(std::size_t first, double write, Nanoseconds lifetime) {
    double cost = write;
    SteadyTime expires = visits_[first].start + lifetime;
    from_[first] = std::min(from_[first], cost + from_[first + 1]);
    for (std::size_t i = first + 1; i < visits_.size() && visits_[i].start < expires; ++i) {
      const bool can_read = visits_[i].start >= visits_[first].readable && visits_[i].is_long_enough;
      cost += can_read ? multiples_.read : 1;
      if (can_read && visits_[i].has_more_behind) lifetime = std::chrono::hours(1);
      if (can_read) expires = visits_[i].start + lifetime;
      from_[first] = std::min(from_[first], cost + from_[i + 1]);
    }
  }

  const std::vector<Visit>& visits_;
  const Multiples& multiples_;
  std::vector<double> from_;  // the least that visits from here on cost
};

}  // namespace

double least_cost(const std::vector<Served>& requests, const Multiples& multiples, Holding holding) {
  struct Prefix {
    std::int64_t tokens = 0;
    std::vector<Visit> visits;
  };
  std::map<std::uint64_t, Prefix> prefixes;
  for (const Served& request : requests) {
    std::int64_t total = 0;
    for (const sim::CacheBlock& block : request.prompt.blocks) total += block.tokens;
    const SteadyTime readable = holding == Holding::Allowed ? request.start : request.first_byte;
    std::uint64_t key = std::hash<std::string>{}(request.prompt.scope);
    for (const sim::CacheBlock& block : request.prompt.blocks) {
      key = sim::combine_hashes(key, block.hash);
      Prefix& prefix = prefixes[key];
      prefix.tokens = block.tokens;
      prefix.visits.push_back({.start = request.start,
                               .readable = readable,
                               .is_long_enough = total >= request.prompt.minimum_tokens,
                               .has_more_behind = &block != &request.prompt.blocks.back()});
    }
  }
  double sum = 0;
  for (const auto& [key, prefix] : prefixes) {
    sum += static_cast<double>(prefix.tokens) * Sequence(prefix.visits, multiples).cost();
  }
  return sum;
}

}  // namespace tidegate::promptcache
