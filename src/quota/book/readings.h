// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/rate_limits.h"
#include "quota/book/limit_board.h"
#include "quota/book/live_room.h"
#include "quota/dimension.h"

#include <span>
#include <string_view>
#include <vector>

namespace tidegate::quota {

/// The headers of an answer as the buckets of its model group understand them. Fast mode has families of its own (`group` ends in
/// `:fast`). Anthropic's combined family counts only where it tells more than the two others: it shows "the most restrictive limit in
/// force", else the sum of both (facts/anthropic-api.md 1.3).
[[nodiscard]] Readings to_readings(const llm::RateLimitReading& reading, std::string_view model_group);

/// What headers that tell of a model's whole limits mean for a class that may use a part of them: the rest of the bucket is not its own.
[[nodiscard]] Readings part_of(const Readings& whole, double factor);

/// What the board knows of a provider's model group, as rooms name pools.
[[nodiscard]] std::vector<KnownPool> known_pools(std::span<const PoolLevel> levels, std::string_view provider,
                                                 std::string_view model_group);

}  // namespace tidegate::quota
