// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "metrics/definition.h"
#include "metrics/instruments.h"
#include "metrics/shard.h"
#include "metrics/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidegate::metrics {

/// All label sets of one metric and the cells that every shard keeps for them. Any thread; the registry owns it.
class FamilyCells {
 public:
  FamilyCells(const MetricDefinition& definition, std::size_t max_label_sets);
  FamilyCells(const FamilyCells&) = delete;
  FamilyCells& operator=(const FamilyCells&) = delete;

  [[nodiscard]] const MetricDefinition& definition() const { return definition_; }
  /// Sums over the shards. Holds the family's lock for some nanoseconds per cell, which only a thread that resolves a
  /// label set at that moment can notice.
  [[nodiscard]] FamilySnapshot snapshot() const;
  /// How many resolutions ended in "other".
  [[nodiscard]] std::int64_t overflows() const;

 protected:
  [[nodiscard]] Cell* resolve(Shard& shard, std::span<const std::string_view> label_values);
  [[nodiscard]] std::span<const std::int64_t> bounds() const { return bounds_; }

 private:
  struct LabelSet {
    std::vector<std::string> values;
    std::vector<Cell*> by_shard;  // index is the shard's number; null where the shard never counted
  };

  [[nodiscard]] std::size_t cells_per_set() const;
  [[nodiscard]] LabelSet& find_or_add(std::vector<std::string> values);
  [[nodiscard]] LabelSet& add_within_cap(std::vector<std::string> values);
  [[nodiscard]] std::vector<std::int64_t> sums(const LabelSet& set) const;

  const MetricDefinition& definition_;
  const std::size_t max_label_sets_;
  std::vector<std::int64_t> bounds_;  // in steps

  mutable std::mutex mutex_;  // guards the fields below; never held while another lock but a shard's is taken
  std::unordered_map<std::string, LabelSet> sets_;
  std::int64_t overflows_ = 0;
};

/// The instruments of one metric.
template <typename Instrument>
class Family : public FamilyCells {
 public:
  using FamilyCells::FamilyCells;

  /// The instrument of this label set for the thread of `shard`, one value per label, in the definition's order.
  /// Takes a short lock and builds strings: keep what it returns (local_family.h does).
  [[nodiscard]] Instrument with(Shard& shard, std::initializer_list<std::string_view> label_values = {}) {
    return with(shard, std::span(label_values.begin(), label_values.size()));
  }
  [[nodiscard]] Instrument with(Shard& shard, std::span<const std::string_view> label_values) {
    return Instrument(resolve(shard, label_values), bounds());
  }
};

}  // namespace tidegate::metrics
