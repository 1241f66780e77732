// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace tidegate::upstream {

/// One worker's buffers for what clients and providers send. A client's connection and an exchange hold one only from the
/// moment when bytes are there until they are dealt with, so thousands of idle connections and waiting streams share a few.
/// One thread.
class ReadBuffers {
 public:
  static constexpr std::size_t kBytes = 16UL * 1024;

  [[nodiscard]] std::unique_ptr<char[]> take() {
    if (free_.empty()) return std::unique_ptr<char[]>(new char[kBytes]);  // not zeroed, which make_unique would do
    std::unique_ptr<char[]> buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  /// A buffer of kBytes that `take` gave; null is nothing.
  void give(std::unique_ptr<char[]> buffer) {
    if (buffer != nullptr && free_.size() < kMostKept) free_.push_back(std::move(buffer));
  }

 private:
  static constexpr std::size_t kMostKept = 64;
  std::vector<std::unique_ptr<char[]>> free_;
};

}  // namespace tidegate::upstream
