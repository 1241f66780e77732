// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/prefix_table.h"

#include <algorithm>
#include <bit>

namespace tidegate::caching {

namespace {

/// Until when a node is likely to be of use.
SteadyTime worth(const PrefixNode& node) {
  if (node.last_seen == kNever) return kNever;
  return node.counts.within_1h > 0 ? node.last_seen + std::chrono::hours(1) : node.last_seen;
}

}  // namespace

PrefixTable::PrefixTable(std::size_t capacity) {
  const std::size_t places = std::bit_ceil(std::max(capacity, kWays));
  keys_.resize(places);
  nodes_.resize(places);
}

PrefixNode* PrefixTable::find(std::uint64_t key) {
  const std::size_t set = set_of(key);
  for (std::size_t i = set; i < set + kWays; ++i) {
    if (keys_[i] == key && nodes_[i].last_seen != kNever) return &nodes_[i];
  }
  return nullptr;
}

PrefixNode& PrefixTable::place(std::uint64_t key, SteadyTime now) {
  const std::size_t set = set_of(key);
  std::size_t least = set;
  for (std::size_t i = set + 1; i < set + kWays; ++i) {
    if (worth(nodes_[i]) < worth(nodes_[least])) least = i;
  }
  keys_[least] = key;
  nodes_[least] = PrefixNode{};
  nodes_[least].last_seen = now;
  return nodes_[least];
}

}  // namespace tidegate::caching
