// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/header_field.h"
#include "llm/rate_limits.h"

namespace tidegate::llm::anthropic {

/// Reads what an answer's head says of limits (facts/anthropic-api.md 1.3), in one walk over the fields:
/// `anthropic-ratelimit-*`, `anthropic-priority-*`, `anthropic-fast-*`, the unified windows of subscriptions,
/// organisation, workspace, `retry-after[-ms]`, `date`. Without a readable `Date` a reset instant is no duration and
/// stays unknown. Unified fields without a window (`-unified-status`, `-unified-reset`) are a window with an empty
/// name, the overall one.
[[nodiscard]] RateLimitReading read_rate_limits(HeaderFields fields);

}  // namespace tidegate::llm::anthropic
