// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"

#include <cstdint>

namespace tidegate {

/// What a request takes, or is expected to take, from limits and budgets.
struct Amount {
  std::int64_t requests = 0;
  std::int64_t input_tokens = 0;   ///< as the provider counts them against its limit (uncached, for most models)
  std::int64_t output_tokens = 0;
  Money money;

  Amount& operator+=(const Amount& other) {
    requests += other.requests;
    input_tokens += other.input_tokens;
    output_tokens += other.output_tokens;
    money += other.money;
    return *this;
  }
  friend Amount operator+(Amount a, const Amount& b) { return a += b; }
  friend bool operator==(const Amount&, const Amount&) = default;
};

}  // namespace tidegate
