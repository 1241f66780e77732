// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/json/cursor.h"
#include "llm/usage.h"

namespace tidegate::llm::anthropic {

/// Reads a `usage` object (facts/anthropic-api.md 2.3, 2.4) over what `usage` already holds: figures that are present
/// overwrite, because `message_delta` is cumulative; what is null or absent keeps its value, because it lacks the
/// cache's TTL split, tier, speed and geo, and relays leave out more. A `cache_creation_input_tokens` beyond the known
/// split are writes of five minutes.
void read_usage(json::Cursor& cursor, Usage& usage);

}  // namespace tidegate::llm::anthropic
