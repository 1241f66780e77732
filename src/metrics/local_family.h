// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "metrics/family.h"
#include "metrics/snapshot.h"

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tidegate::metrics {

/// A map from label values that a thread keeps for itself. Bounded: when full it is emptied and fills again.
template <typename Value>
class LocalLookup {
 public:
  using Labels = std::span<const std::string_view>;

  explicit LocalLookup(std::size_t max_size) : max_size_(max_size) {}

  /// What is kept for `labels`; `make()` is asked on the first use. Valid until the next call.
  template <typename Make>
  [[nodiscard]] Value& find(Labels labels, Make make) {
    // One request is often like the one before: a comparison instead of a hash and a search.
    if (last_ != nullptr && is_key_of(last_->first, labels)) return last_->second;
    join(labels);
    auto found = map_.find(key_);
    if (found == map_.end()) {
      if (map_.size() >= max_size_) map_.clear();
      last_ = nullptr;
      found = map_.emplace(key_, make()).first;
    }
    last_ = &*found;
    return last_->second;
  }

 private:
  // A key is the labels one behind the other. 0xFF ends each: UTF-8 never holds it, and a client that sends it anyway
  // only shares a label set with itself. Cut to what a label keeps, so that long names cost no memory.
  static constexpr char kEnd = '\xFF';

  void join(Labels labels) {
    key_.clear();
    for (const std::string_view label : labels) key_.append(label.substr(0, kLongestLabel)) += kEnd;
  }
  [[nodiscard]] static bool is_key_of(std::string_view key, Labels labels) {
    for (std::string_view label : labels) {
      label = label.substr(0, kLongestLabel);
      if (key.size() <= label.size() || key[label.size()] != kEnd || !key.starts_with(label)) return false;
      key.remove_prefix(label.size() + 1);
    }
    return key.empty();
  }

  using Map = std::unordered_map<std::string, Value>;

  const std::size_t max_size_;
  Map map_;
  typename Map::value_type* last_ = nullptr;  ///< found last; in map_
  std::string key_;                           ///< kept for its memory
};

/// One thread's view of a family: resolving a label set it has seen costs one lookup and no lock. Its shard's thread
/// only.
template <typename Instrument>
class LocalFamily {
 public:
  LocalFamily(Family<Instrument>& family, Shard& shard) : family_(family), shard_(shard), lookup_(kMaxSize) {}

  [[nodiscard]] Instrument with(std::initializer_list<std::string_view> label_values) {
    return lookup_.find({label_values.begin(), label_values.size()},
                        [&] { return family_.with(shard_, label_values); });
  }

 private:
  static constexpr std::size_t kMaxSize = 4'096;

  Family<Instrument>& family_;
  Shard& shard_;
  LocalLookup<Instrument> lookup_;
};

}  // namespace tidegate::metrics
