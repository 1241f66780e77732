// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "llm/limit_header.h"
#include "llm/rate_limits.h"

#include <span>
#include <vector>

namespace tidegate::llm::anthropic {

/// `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}` for what the readings
/// say, as the API writes them (facts/anthropic-api.md 1.3): the reset is an instant, in whole seconds, never before the
/// bucket is full. Other dimensions are left out.
[[nodiscard]] std::vector<LimitHeader> write_rate_limits(std::span<const LimitReading> limits, WallTime now);

}  // namespace tidegate::llm::anthropic
