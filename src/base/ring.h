// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace tidegate {

/// A bounded queue from exactly one writing thread to exactly one reading thread. Neither ever waits: full and empty
/// are answers. All slots live as long as the ring, so that a value's own memory is reused by the next assignment to
/// its slot where the type allows that; `T` is default-constructible and move-assignable.
template <typename T>
class Ring {
 public:
  /// Holds at least `capacity` values, rounded up to a power of two.
  explicit Ring(std::size_t capacity)
      : mask_(std::bit_ceil(std::max<std::size_t>(capacity, 1)) - 1), slots_(std::make_unique<T[]>(mask_ + 1)) {}
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  [[nodiscard]] std::size_t capacity() const { return mask_ + 1; }

  /// False if the ring is full; `value` is then untouched. The writer's thread only.
  [[nodiscard]] bool push(T&& value) {
    return push_with([&](T& slot) { slot = std::move(value); });
  }
  [[nodiscard]] bool push(const T& value) {
    return push_with([&](T& slot) { slot = value; });
  }
  /// `fill(slot)` writes into the slot itself, over what an earlier value left there. False, and not called, if the
  /// ring is full. The writer's thread only.
  template <typename Fill>
  [[nodiscard]] bool push_with(Fill fill) {
    const std::size_t written = written_.load(std::memory_order_relaxed);
    if (written - read_seen_by_writer_ > mask_) {
      read_seen_by_writer_ = read_.load(std::memory_order_acquire);
      if (written - read_seen_by_writer_ > mask_) return false;
    }
    fill(slots_[written & mask_]);
    written_.store(written + 1, std::memory_order_release);
    return true;
  }

  /// The oldest value, or nothing if the ring is empty. The reader's thread only.
  [[nodiscard]] std::optional<T> pop() {
    std::optional<T> value;
    (void)pop_with([&](T& slot) { value.emplace(std::move(slot)); });
    return value;
  }
  /// `use(slot)` reads in place; the slot is the writer's again when it returns. False, and not called, if the ring is
  /// empty. The reader's thread only.
  template <typename Use>
  [[nodiscard]] bool pop_with(Use use) {
    const std::size_t read = read_.load(std::memory_order_relaxed);
    if (read == written_seen_by_reader_) {
      written_seen_by_reader_ = written_.load(std::memory_order_acquire);
      if (read == written_seen_by_reader_) return false;
    }
    use(slots_[read & mask_]);
    read_.store(read + 1, std::memory_order_release);
    return true;
  }

  /// How many values wait. Any thread; exact only on a thread that stands still.
  [[nodiscard]] std::size_t size() const {
    // Read first: the other order could see more reads than writes.
    const std::size_t read = read_.load(std::memory_order_acquire);
    const std::size_t written = written_.load(std::memory_order_acquire);
    return std::min(written - read, capacity());
  }

 private:
  static constexpr std::size_t kCacheLine = 64;

  const std::size_t mask_;
  const std::unique_ptr<T[]> slots_;
  // Counts since the beginning, never wrapped to the capacity: full and empty cannot be mistaken for each other. Each
  // thread keeps what it last saw of the other's count, so that the two share a cache line only when the ring looks
  // full or empty.
  alignas(kCacheLine) std::atomic<std::size_t> written_{0};
  std::size_t read_seen_by_writer_ = 0;
  alignas(kCacheLine) std::atomic<std::size_t> read_{0};
  std::size_t written_seen_by_reader_ = 0;
};

}  // namespace tidegate
