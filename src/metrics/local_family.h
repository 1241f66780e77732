// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "metrics/family.h"
#include "metrics/snapshot.h"

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tidegate::metrics {

/// Joins label values into a lookup key. 0xFF ends each value: UTF-8 never holds it, and a client that sends it anyway
/// only shares a label set with itself. Cut to what a label keeps, so that long names cost no memory.
inline void append_to_key(std::string& key, std::string_view value) {
  key += value.substr(0, kLongestLabel);
  key += '\xFF';
}

/// A map from joined label values that a thread keeps for itself. Bounded: when full it is emptied and fills again.
template <typename Value>
class LocalLookup {
 public:
  explicit LocalLookup(std::size_t max_size) : max_size_(max_size) {}

  /// What is kept for `key`; `make()` is asked on the first use. Valid until the next call.
  template <typename Make>
  [[nodiscard]] Value& find(std::string_view key, Make make) {
    // One request is often like the one before: a comparison instead of a hash and a search.
    if (last_ != nullptr && last_->first == key) return last_->second;
    auto found = map_.find(key);
    if (found == map_.end()) {
      if (map_.size() >= max_size_) map_.clear();
      last_ = nullptr;
      found = map_.emplace(std::string(key), make()).first;
    }
    last_ = &*found;
    return last_->second;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  using Map = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  const std::size_t max_size_;
  Map map_;
  typename Map::value_type* last_ = nullptr;  ///< found last; in map_
};

/// One thread's view of a family: resolving a label set it has seen costs one lookup and no lock. Its shard's thread
/// only.
template <typename Instrument>
class LocalFamily {
 public:
  LocalFamily(Family<Instrument>& family, Shard& shard) : family_(family), shard_(shard), lookup_(kMaxSize) {}

  [[nodiscard]] Instrument with(std::initializer_list<std::string_view> label_values) {
    key_.clear();
    for (const std::string_view value : label_values) append_to_key(key_, value);
    return lookup_.find(key_, [&] { return family_.with(shard_, label_values); });
  }

 private:
  static constexpr std::size_t kMaxSize = 4'096;

  Family<Instrument>& family_;
  Shard& shard_;
  LocalLookup<Instrument> lookup_;
  std::string key_;  // kept for its memory
};

}  // namespace tidegate::metrics
