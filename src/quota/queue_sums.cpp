// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/queue_sums.h"

#include <bit>

namespace tidegate::quota {

QueueSum& QueueSum::operator+=(const QueueSum& other) {
  requests += other.requests;
  input += other.input;
  output += other.output;
  cost += other.cost;
  return *this;
}

QueueSum& QueueSum::operator-=(const QueueSum& other) {
  requests -= other.requests;
  input -= other.input;
  output -= other.output;
  cost -= other.cost;
  return *this;
}

QueueSums::QueueSums(std::size_t at_least) : tree_(std::bit_ceil(at_least) + 1) {}

void QueueSums::add(std::uint64_t place, const QueueSum& request) {
  all_ += request;
  for (std::size_t at = index(place) + 1; at <= capacity(); at += at & (~at + 1)) tree_[at] += request;
}

void QueueSums::remove(std::uint64_t place, const QueueSum& request) {
  all_ -= request;
  for (std::size_t at = index(place) + 1; at <= capacity(); at += at & (~at + 1)) tree_[at] -= request;
}

QueueSum QueueSums::first(std::size_t count) const {
  QueueSum sum;
  for (std::size_t at = count; at > 0; at &= at - 1) sum += tree_[at];
  return sum;
}

QueueSum QueueSums::before(std::uint64_t head, std::uint64_t place) const {
  const std::size_t from = index(head), to = index(place);
  QueueSum sum = first(to);
  sum -= first(from);
  if (to < from) sum += all_;  // around the end of the ring
  return sum;
}

}  // namespace tidegate::quota
