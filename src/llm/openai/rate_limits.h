// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/header_field.h"
#include "llm/rate_limits.h"

namespace tidegate::llm::openai {

/// Reads what an answer's head says of limits (facts/anthropic-api.md 1.5), in one walk over the fields:
/// `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, `openai-organization`, `retry-after[-ms]`, `date`. A reset
/// is a duration as Go prints it (`1s`, `6m0s`, `12ms`, `1h30m0s`) or, from Azure and others, a number of seconds;
/// negative figures are unknown.
[[nodiscard]] RateLimitReading read_rate_limits(HeaderFields fields);

}  // namespace tidegate::llm::openai
