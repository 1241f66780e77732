// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/learned_share.h"

#include <algorithm>
#include <cmath>

namespace tidegate::quota {

namespace {

constexpr int kEnough = 5;
constexpr double kKept = 0.966;  // 0.966^20 = 0.5
constexpr double kMost = 2;

}  // namespace

void LearnedShare::add(Sums& sums, std::int64_t worst, std::int64_t actual) {
  sums.worst = sums.worst * kKept + static_cast<double>(worst);
  sums.actual = sums.actual * kKept + static_cast<double>(actual);
}

void LearnedShare::learn(const Spend& worst_case, const Spend& actual) {
  add(money_, worst_case.money.nanodollars(), actual.money.nanodollars());
  add(tokens_, worst_case.tokens, actual.tokens);
  count_ = std::min(count_ + 1, kEnough);
}

std::int64_t LearnedShare::scale(const Sums& sums, std::int64_t worst) const {
  if (count_ < kEnough || sums.worst <= 0) return worst;
  const double share = std::clamp(sums.actual / sums.worst, 0.0, kMost);
  return static_cast<std::int64_t>(std::llround(static_cast<double>(worst) * share));
}

Spend LearnedShare::expect(const Spend& worst_case) const {
  return {Money::nanodollars(scale(money_, worst_case.money.nanodollars())), scale(tokens_, worst_case.tokens)};
}

}  // namespace tidegate::quota
