// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/shard.h"

#include <stdexcept>

namespace tidegate::metrics {

Cell* Shard::allocate(std::size_t count) {
  if (count > kCellsPerChunk) throw std::logic_error("metrics: one instrument of more cells than a chunk holds");
  const std::lock_guard lock(mutex_);
  if (used_in_last_ + count > kCellsPerChunk) {
    chunks_.push_back(std::make_unique<Chunk>());
    used_in_last_ = 0;
  }
  Cell* cells = chunks_.back()->cells + used_in_last_;
  used_in_last_ += count;
  return cells;
}

}  // namespace tidegate::metrics
