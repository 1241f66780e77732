// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tidegate::quota {

/// The output tokens that the answers in flight are still expected to produce, one figure each, kept so that the course of a
/// level can be foretold in logarithmic time. A multiset of tokens in classes of 16 tokens or, above 1,024, of a sixty-fourth of them
/// (finer than any prediction is), in two Fenwick trees: how many, and how much. The sums are exact; only the order within a class is
/// not known.
class Holds {
 public:
  void add(std::int64_t tokens) { change(tokens, 1); }
  void remove(std::int64_t tokens) { change(tokens, -1); }

  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] std::int64_t sum() const { return sum_; }

  /// How low a level falls if nothing else is admitted: every answer produces `speed` tokens per second until its hold is used up,
  /// while the level of `level` grows by `rate` per second. `extra`: one more hold, not in the set, or 0. Units: tokens, tokens per
  /// second.
  ///
  /// What is drawn until t is the sum of min(hold, speed × t): concave in t, so the level is convex and lowest where as many answers
  /// still run as the refill can feed.
  [[nodiscard]] double lowest(double level, double rate, double speed, std::int64_t extra) const;

 private:
  static constexpr std::size_t kClasses = 1024;
  static constexpr std::int64_t kLargest = (std::int64_t{1} << 24) - 1;  ///< tokens; more is counted as this
  struct Node {
    std::int64_t count = 0, sum = 0;
  };

  static std::size_t class_of(std::int64_t tokens);
  /// The smallest number of tokens of a class.
  static double border(std::size_t index);
  /// Tokens, at least the lower border of its class.
  [[nodiscard]] double longest(std::int64_t extra) const;
  void change(std::int64_t tokens, std::int64_t times);

  std::array<Node, kClasses + 1> tree_{};  ///< 1-based
  std::int64_t count_ = 0, sum_ = 0;
};

}  // namespace tidegate::quota
