// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/rate_limits.h"
#include "quota/dimension.h"

#include <string_view>

namespace tidegate::quota {

/// The headers of an answer as the buckets of its model group understand them. Fast mode has families of its own (`group` ends in
/// `:fast`). Anthropic's combined family counts only where it tells more than the two others: it shows "the most restrictive limit in
/// force", else the sum of both (facts/anthropic-api.md 1.3).
[[nodiscard]] Readings to_readings(const llm::RateLimitReading& reading, std::string_view model_group);

}  // namespace tidegate::quota
