// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/limit_header.h"
#include "llm/rate_limits.h"

#include <span>
#include <vector>

namespace tidegate::llm::openai {

/// `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` for what the readings say, as OpenAI writes them
/// (facts/anthropic-api.md 1.5): the reset is a duration such as `12ms`, `1.5s` or `6m0s`. Other dimensions are left
/// out.
[[nodiscard]] std::vector<LimitHeader> write_rate_limits(std::span<const LimitReading> limits);

}  // namespace tidegate::llm::openai
