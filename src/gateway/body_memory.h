// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace tidegate::gateway {

/// The memory that all request bodies share. Any thread.
class BodyMemory {
 public:
  explicit BodyMemory(std::size_t limit) : limit_(limit) {}

  /// A share of the memory, given back when it is destroyed.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      if (this != &other) {
        release();
        memory_ = std::exchange(other.memory_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
      }
      return *this;
    }
    ~Share() { release(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    void release() {
      if (memory_ != nullptr) memory_->used_.fetch_sub(bytes_, std::memory_order_relaxed);
      memory_ = nullptr;
      bytes_ = 0;
    }

   private:
    friend class BodyMemory;
    BodyMemory* memory_ = nullptr;
    std::size_t bytes_ = 0;
  };

  /// Grows `share` by `bytes`; false, and no change, if there is no room now.
  [[nodiscard]] bool grow(Share& share, std::size_t bytes) {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit_ || used > limit_ - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    share.memory_ = this;
    share.bytes_ += bytes;
    return true;
  }
  [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t limit() const { return limit_; }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_ = 0;
};

}  // namespace tidegate::gateway
