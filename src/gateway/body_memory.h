// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <algorithm>
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
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { release(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    /// It grows no more.
    void settle() {
      const Share* self = this;
      if (memory_ != nullptr) memory_->finisher_.compare_exchange_strong(self, nullptr);
    }
    void release() {
      settle();
      if (memory_ != nullptr) memory_->used_.fetch_sub(bytes_, std::memory_order_relaxed);
      memory_ = nullptr;
      bytes_ = 0;
    }

   private:
    friend class BodyMemory;
    BodyMemory* memory_ = nullptr;
    std::size_t bytes_ = 0;
  };

  /// Grows `share` by `bytes`; false if there is no room now. Shares grow as their bodies come, and would all wait for each other
  /// in the end: so the last `kept_free` bytes, as large as a body can be, are for one share at a time, which so can always grow
  /// to its end.
  [[nodiscard]] bool grow(Share& share, std::size_t bytes, std::size_t kept_free) {
    if (take(share, bytes, limit_ - std::min(kept_free, limit_))) return true;
    share.memory_ = this;
    const Share* finisher = nullptr;
    if (!finisher_.compare_exchange_strong(finisher, &share) && finisher != &share) return false;
    return take(share, bytes, limit_);
  }
  [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t limit() const { return limit_; }

 private:
  [[nodiscard]] bool take(Share& share, std::size_t bytes, std::size_t limit) {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit || used > limit - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    share.memory_ = this;
    share.bytes_ += bytes;
    return true;
  }

  const std::size_t limit_;
  std::atomic<std::size_t> used_ = 0;
  std::atomic<const Share*> finisher_ = nullptr;  ///< whose the last of it is; null: nobody's
};

}  // namespace tidegate::gateway
