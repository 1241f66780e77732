// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tidegate::quota {

/// What requests of a queue take together; whole numbers, so that taking out what was put in leaves nothing behind.
struct QueueSum {
  std::int64_t requests = 0;
  std::int64_t input = 0, output = 0;  ///< tokens
  std::int64_t cost = 0;               ///< nanoseconds of the room

  QueueSum& operator+=(const QueueSum& other);
  QueueSum& operator-=(const QueueSum& other);
  friend bool operator==(const QueueSum&, const QueueSum&) = default;
};

/// What stands before a place of a long queue, in logarithmic time: a Fenwick tree around a ring. Places are numbers that grow from the
/// head to the tail, at most `capacity` apart.
class QueueSums {
 public:
  /// `at_least`: places; rounded up to a power of two.
  explicit QueueSums(std::size_t at_least);

  [[nodiscard]] std::size_t capacity() const { return tree_.size() - 1; }
  void add(std::uint64_t place, const QueueSum& request);
  void remove(std::uint64_t place, const QueueSum& request);
  /// Of everything from `head` on that stands before `place`.
  [[nodiscard]] QueueSum before(std::uint64_t head, std::uint64_t place) const;

 private:
  [[nodiscard]] std::size_t index(std::uint64_t place) const { return static_cast<std::size_t>(place) & (capacity() - 1); }
  [[nodiscard]] QueueSum first(std::size_t count) const;

  std::vector<QueueSum> tree_;  ///< 1-based
  QueueSum all_;
};

}  // namespace tidegate::quota
