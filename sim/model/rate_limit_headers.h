// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/model/organisation.h"

#include <string>

namespace tidegate::sim {

/// Header lines (`name: value\r\n`) of facts/anthropic-api.md 1.3: `anthropic-ratelimit-*`, and where they apply
/// `anthropic-priority-*` and `anthropic-fast-*`. Token remainders are rounded to the nearest 1,000; `reset` is the
/// instant of full replenishment, cut to whole seconds like the `date` header beside it. Nothing for absent limits.
[[nodiscard]] std::string anthropic_rate_limit_headers(const RateLimitReading& reading, WallTime now);

/// `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` with Go durations.
[[nodiscard]] std::string openai_rate_limit_headers(const RateLimitReading& reading);

/// `1s`, `6m0s`, `1h30m0s`, `12ms`, `1.5s`: as Go prints a duration, cut to milliseconds.
[[nodiscard]] std::string go_duration(Nanoseconds duration);

/// Whole seconds, rounded up, at least 1: "earlier retries will fail".
[[nodiscard]] std::int64_t retry_after_seconds(Nanoseconds wait);

/// Nearest thousand, never below zero.
[[nodiscard]] std::int64_t rounded_tokens(double tokens);

}  // namespace tidegate::sim
