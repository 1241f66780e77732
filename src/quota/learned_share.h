// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "quota/allowance.h"

#include <cstdint>

namespace tidegate::quota {

/// What requests turn out to take of their worst case (input as estimated and all of `max_tokens`, at list price): the
/// ratio of sums that forget, with a half-life of about twenty requests. A ratio of sums, not a mean of ratios: what
/// many requests in flight take together is what a budget has to know.
class LearnedShare {
 public:
  void learn(const Spend& worst_case, const Spend& actual);
  /// The worst case itself until five requests were learned; never more than twice that.
  [[nodiscard]] Spend expect(const Spend& worst_case) const;

 private:
  struct Sums {
    double worst = 0, actual = 0;
  };
  static void add(Sums& sums, std::int64_t worst, std::int64_t actual);
  [[nodiscard]] std::int64_t scale(const Sums& sums, std::int64_t worst) const;

  Sums money_, tokens_;
  int count_ = 0;
};

}  // namespace tidegate::quota
