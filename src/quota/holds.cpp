// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/holds.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tidegate::quota {

std::size_t Holds::class_of(std::int64_t tokens) {
  const auto value = static_cast<std::uint64_t>(std::clamp<std::int64_t>(tokens, 0, kLargest));
  if (value < 1024) return value / 16;
  const auto exponent = static_cast<unsigned>(std::bit_width(value)) - 1;  // from 10
  return 64 * (exponent - 9) + ((value >> (exponent - 6)) & 63);
}

double Holds::border(std::size_t index) {
  if (index < 64) return static_cast<double>(index) * 16;
  return std::ldexp(static_cast<double>(64 + index % 64), static_cast<int>(index / 64) + 3);
}

void Holds::change(std::int64_t tokens, std::int64_t times) {
  count_ += times;
  sum_ += times * tokens;
  for (std::size_t at = class_of(tokens) + 1; at <= kClasses; at += at & (~at + 1)) {
    tree_[at].count += times;
    tree_[at].sum += times * tokens;
  }
}

double Holds::lowest(double level, double rate, double speed, std::int64_t extra) const {
  const std::int64_t answers = count_ + (extra > 0 ? 1 : 0);
  const double fed = rate / speed;  // how many running answers the refill feeds
  if (answers == 0 || static_cast<double>(answers) <= fed) return level;
  // The level is lowest when all but `fed` answers have ended. Descend to the class in which that happens.
  const auto ended = static_cast<std::int64_t>(static_cast<double>(answers) - fed);
  const std::size_t extra_class = extra > 0 ? class_of(extra) : kClasses;
  std::size_t position = 0;
  Node below;
  for (std::size_t step = kClasses; step > 0; step /= 2) {
    const std::size_t next = position + step;
    if (next > kClasses) continue;
    const bool has_extra = position <= extra_class && extra_class < next;
    const std::int64_t inside = tree_[next].count + (has_extra ? 1 : 0);
    if (below.count + inside > ended) continue;
    position = next;
    below.count += inside;
    below.sum += tree_[next].sum + (has_extra ? extra : 0);
  }
  // The answers of higher classes still run when the first of the next class ends. At any moment the result is an upper bound of the
  // minimum; the two borders of the class bracket it.
  const auto at = [&](double tokens) {
    return level + rate * tokens / speed - static_cast<double>(below.sum) - static_cast<double>(answers - below.count) * tokens;
  };
  if (position >= kClasses || below.count == answers) return at(longest(extra));  // refill feeds none: lowest at the very end
  return std::min(at(border(position)), at(border(position + 1)));
}

double Holds::longest(std::int64_t extra) const {
  std::size_t position = 0;
  std::int64_t below = 0;
  for (std::size_t step = kClasses; step > 0; step /= 2) {
    const std::size_t next = position + step;
    if (next > kClasses || below + tree_[next].count >= count_) continue;
    position = next;
    below += tree_[next].count;
  }
  return std::max(count_ > 0 ? border(position) : 0, static_cast<double>(extra));
}

}  // namespace tidegate::quota
