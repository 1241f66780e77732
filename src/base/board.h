// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace tidegate {

/// The value in force of something that is immutable and swapped whole: keys, prices. `swap` and `current` by any thread.
template <typename T>
class Board {
 public:
  explicit Board(std::shared_ptr<const T> first = std::make_shared<const T>()) : value_(std::move(first)) {}
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  void swap(std::shared_ptr<const T> next) {
    {
      const std::lock_guard lock(mutex_);
      value_.swap(next);
      version_.fetch_add(1, std::memory_order_release);
    }
    // The former value, if this was its last owner, goes here, outside the lock.
  }
  /// Shared because a request that has begun keeps the value it began with.
  [[nodiscard]] std::shared_ptr<const T> current() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  /// Grows with each swap.
  [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;  ///< guards value_
  std::shared_ptr<const T> value_;
  std::atomic<std::uint64_t> version_ = 1;
};

/// A worker's copy of the pointer: looking costs one load, no lock and no counter that the workers share. One thread.
template <typename T>
class BoardView {
 public:
  explicit BoardView(const Board<T>& board) : board_(board) {}
  [[nodiscard]] const std::shared_ptr<const T>& get() {
    const std::uint64_t version = board_.version();
    if (version != version_) {
      value_ = board_.current();
      version_ = version;
    }
    return value_;
  }

 private:
  const Board<T>& board_;
  std::shared_ptr<const T> value_;
  std::uint64_t version_ = 0;
};

}  // namespace tidegate
