// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/admin_api.h"
#include "base/result.h"
#include "quota/presets.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace tidegate::app {

/// Limits by model group (llm::model_group), as `GET /v1/organizations/rate_limits` states them (facts/anthropic-api.md 1.1, 6.2):
///
///     {"data": [{"group_type": "model_group", "models": ["claude-opus-5", …], "limits": [{"type": "requests_per_minute",
///       "value": 1000}, …]}, {"group_type": "batch" | "token_count", "models": null, …}], "has_more", "next_page"}
///
/// `input_tokens_per_minute_cache_aware` and `input_tokens_per_minute` are input, `tokens_per_minute` both together, `tokens_per_day` too; other types (files,
/// tools, fast mode) limit nothing that a room counts.
using ProviderLimits = std::map<std::string, quota::GroupLimits, std::less<>>;

/// Of the organisation that the admin key belongs to. Blocks. Failure: as get_admin_page, Protocol for another shape.
[[nodiscard]] Result<ProviderLimits> fetch_provider_limits(const AdminApi& api);

/// Reads one page; where two groups of it are one group here, the smaller limit stands. Failure: Protocol.
[[nodiscard]] Result<ProviderLimits> read_provider_limits(std::string_view page);

}  // namespace tidegate::app
