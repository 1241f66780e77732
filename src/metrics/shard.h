// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace tidegate::metrics {

/// One number that a single thread writes and any thread reads. A plain load and store: no locked instruction on the
/// hot path.
class Cell {
 public:
  void add(std::int64_t steps) { value_.store(value() + steps, std::memory_order_relaxed); }
  void set(std::int64_t steps) { value_.store(steps, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// The cells of one thread. Instruments resolved with a shard may be used by that shard's thread only. The registry
/// owns it.
class Shard {
 public:
  explicit Shard(std::size_t number) : number_(number) {}
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  [[nodiscard]] std::size_t number() const { return number_; }
  /// `count` neighbouring cells (at most kCellsPerChunk), zero, for as long as the shard lives. Any thread.
  [[nodiscard]] Cell* allocate(std::size_t count);

  static constexpr std::size_t kCellsPerChunk = 512;

 private:
  // Aligned to the cache line, so that two shards never share one.
  struct alignas(64) Chunk {
    Cell cells[kCellsPerChunk];
  };

  const std::size_t number_;
  std::mutex mutex_;  // guards the fields below
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::size_t used_in_last_ = kCellsPerChunk;
};

}  // namespace tidegate::metrics
