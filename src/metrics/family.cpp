// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/family.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <utility>

namespace tidegate::metrics {

namespace {

constexpr std::string_view kOther = "other";

std::vector<std::int64_t> to_steps(std::span<const double> bounds, Unit unit) {
  std::vector<std::int64_t> steps;
  for (const double bound : bounds) steps.push_back(std::llround(bound * static_cast<double>(steps_per_unit(unit))));
  return steps;
}

double to_unit(std::int64_t steps, Unit unit) {
  // A division, because it rounds correctly: 300,000 microseconds are 0.3, not 0.30000000000000004.
  return static_cast<double>(steps) / static_cast<double>(steps_per_unit(unit));
}

/// 0xFF never occurs in UTF-8, so different value lists have different keys.
std::string joined(const std::vector<std::string>& values) {
  std::string key;
  for (const std::string& value : values) {
    key += value;
    key += '\xFF';
  }
  return key;
}

}  // namespace

FamilyCells::FamilyCells(const MetricDefinition& definition, std::size_t max_label_sets)
    : definition_(definition),
      max_label_sets_(std::max<std::size_t>(1, max_label_sets)),
      bounds_(to_steps(definition.bounds, definition.unit)) {
  if (!std::is_sorted(bounds_.begin(), bounds_.end(), std::less_equal<>()) ||
      (definition.type == MetricType::Histogram) == bounds_.empty()) {
    throw std::logic_error("metrics: bounds of " + std::string(definition.name) + " do not ascend, or are missing");
  }
  // A metric without labels shows 0 from the first scrape on, so that rates and alerts see its first step.
  if (definition.labels.empty()) (void)find_or_add({});
}

std::size_t FamilyCells::cells_per_set() const {
  return definition_.type == MetricType::Histogram ? bounds_.size() + 2 : 1;
}

Cell* FamilyCells::resolve(Shard& shard, std::span<const std::string_view> label_values) {
  if (label_values.size() != definition_.labels.size()) {
    throw std::logic_error("metrics: wrong number of label values for " + std::string(definition_.name));
  }
  std::vector<std::string> values;
  values.reserve(label_values.size());
  for (const std::string_view text : label_values) values.push_back(label_text(text));

  const std::lock_guard lock(mutex_);
  LabelSet& set = find_or_add(std::move(values));
  if (set.by_shard.size() <= shard.number()) set.by_shard.resize(shard.number() + 1);
  Cell*& cells = set.by_shard[shard.number()];
  if (cells == nullptr) cells = shard.allocate(cells_per_set());
  return cells;
}

FamilyCells::LabelSet& FamilyCells::find_or_add(std::vector<std::string> values) {
  if (const auto found = sets_.find(joined(values)); found != sets_.end()) return found->second;
  if (sets_.size() < max_label_sets_) return add_within_cap(std::move(values));

  ++overflows_;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (definition_.labels[i].values == LabelValues::Open) values[i] = kOther;
  }
  if (const auto found = sets_.find(joined(values)); found != sets_.end()) return found->second;
  // The closed labels that remain are few; twice the cap holds even if that is wrong.
  if (sets_.size() >= 2 * max_label_sets_) std::fill(values.begin(), values.end(), std::string(kOther));
  return add_within_cap(std::move(values));
}

FamilyCells::LabelSet& FamilyCells::add_within_cap(std::vector<std::string> values) {
  std::string key = joined(values);
  LabelSet& set = sets_[std::move(key)];
  set.values = std::move(values);
  return set;
}

std::vector<std::int64_t> FamilyCells::sums(const LabelSet& set) const {
  std::vector<std::int64_t> sums(cells_per_set());
  for (const Cell* cells : set.by_shard) {
    if (cells == nullptr) continue;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += cells[i].value();
  }
  return sums;
}

FamilySnapshot FamilyCells::snapshot() const {
  FamilySnapshot snapshot;
  snapshot.definition = &definition_;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, set] : sets_) {
    std::vector<std::int64_t> values = sums(set);
    const double last = to_unit(values.back(), definition_.unit);
    if (definition_.type != MetricType::Histogram) {
      snapshot.samples.push_back({set.values, last});
      continue;
    }
    values.pop_back();
    // The count is the sum of the buckets, not a cell of its own: a scrape in mid-observation stays consistent.
    for (std::size_t i = 1; i < values.size(); ++i) values[i] += values[i - 1];
    snapshot.histograms.push_back({set.values, std::move(values), last});
  }
  return snapshot;
}

std::int64_t FamilyCells::overflows() const {
  const std::lock_guard lock(mutex_);
  return overflows_;
}

}  // namespace tidegate::metrics
