// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace tidegate::upstream {

/// One worker's objects that keep memory of their own from one use to the next. One thread.
template <typename T>
class Spares {
 public:
  /// As whoever used it last left it.
  [[nodiscard]] std::unique_ptr<T> take() {
    if (spare_.empty()) return std::make_unique<T>();
    std::unique_ptr<T> object = std::move(spare_.back());
    spare_.pop_back();
    return object;
  }
  void give(std::unique_ptr<T> object) {
    if (spare_.size() < kMostKept) spare_.push_back(std::move(object));
  }

 private:
  static constexpr std::size_t kMostKept = 64;
  std::vector<std::unique_ptr<T>> spare_;
};

}  // namespace tidegate::upstream
