// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstddef>

namespace tidegate::gateway {

/// Whole answers that are given again to the same question (docs/answer_cache.md).
struct AnswerCacheOptions {
  Nanoseconds ttl{0};  ///< how long an answer may be given again; 0: nothing is kept
  std::size_t max_bytes = 64ULL * 1024 * 1024;  ///< of all that are kept, and again of those that are being collected

  friend bool operator==(const AnswerCacheOptions&, const AnswerCacheOptions&) = default;
};

}  // namespace tidegate::gateway
