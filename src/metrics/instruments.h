// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/time.h"
#include "metrics/shard.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tidegate::metrics {

// Instruments are handles of two or three words, to be copied freely. One that was made without a family counts
// nowhere. Each may be used by the thread of its shard only.

/// A sum that only grows.
class Counter {
 public:
  Counter() = default;
  Counter(Cell* cells, std::span<const std::int64_t> /*bounds*/) : cell_(cells) {}
  [[nodiscard]] explicit operator bool() const { return cell_ != nullptr; }

  /// `steps` ≥ 0, of the metric's unit (definition.h).
  void add(std::int64_t steps = 1) {
    if (cell_ != nullptr) cell_->add(steps);
  }
  void add(Money money) { add(money.nanodollars()); }

 private:
  Cell* cell_ = nullptr;
};

/// A level. What a scrape shows is the sum over the shards, so one thread may add what another takes away.
class Gauge {
 public:
  Gauge() = default;
  Gauge(Cell* cells, std::span<const std::int64_t> /*bounds*/) : cell_(cells) {}
  [[nodiscard]] explicit operator bool() const { return cell_ != nullptr; }

  void add(std::int64_t steps = 1) {
    if (cell_ != nullptr) cell_->add(steps);
  }
  void subtract(std::int64_t steps = 1) { add(-steps); }
  /// Of this shard's share of the level.
  void set(std::int64_t steps) {
    if (cell_ != nullptr) cell_->set(steps);
  }

 private:
  Cell* cell_ = nullptr;
};

/// A distribution over fixed bounds. Cells: one per bound (inclusive upper), one above all, one for the sum.
class Histogram {
 public:
  Histogram() = default;
  Histogram(Cell* cells, std::span<const std::int64_t> bounds) : cells_(cells), bounds_(bounds) {}
  [[nodiscard]] explicit operator bool() const { return cells_ != nullptr; }

  /// `steps` of the metric's unit (definition.h).
  void observe(std::int64_t steps) {
    if (cells_ == nullptr) return;
    std::size_t bucket = 0;
    // Some fourteen bounds: a straight walk beats a search.
    while (bucket < bounds_.size() && steps > bounds_[bucket]) ++bucket;
    cells_[bucket].add(1);
    cells_[bounds_.size() + 1].add(steps);
  }
  /// For metrics in seconds; rounded up, so that nothing takes no time.
  void observe(Nanoseconds duration) { observe((duration.count() + 999) / 1'000); }

 private:
  Cell* cells_ = nullptr;
  std::span<const std::int64_t> bounds_;  // in steps; owned by the family
};

}  // namespace tidegate::metrics
