// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/usage.h"

#include <algorithm>

namespace tidegate::llm {

bool is_billed(const Usage& usage, const UsageIteration& iteration) {
  using Kind = UsageIteration::Kind;
  const bool has_declined = iteration.kind == Kind::Message && iteration.tokens.output == 0;
  return !has_declined || std::none_of(usage.iterations.begin(), usage.iterations.end(),
                                       [](const UsageIteration& other) { return other.kind == Kind::Fallback; });
}

TokenCounts sum_of_billed_iterations(const Usage& usage) {
  TokenCounts sum;
  for (const UsageIteration& iteration : usage.iterations) {
    if (is_billed(usage, iteration)) sum += iteration.tokens;
  }
  return sum;
}

}  // namespace tidegate::llm
