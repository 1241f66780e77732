// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/json/cursor.h"
#include "llm/json/writer.h"
#include "llm/usage.h"

#include <cstdint>

namespace tidegate::llm::anthropic {

/// Reads a `usage` object (facts/anthropic-api.md 2.3, 2.4) over what `usage` already holds: figures that are present
/// overwrite, because `message_delta` is cumulative; what is null or absent keeps its value, because it lacks the
/// cache's TTL split, tier, speed and geo, and relays leave out more. A `cache_creation_input_tokens` beyond the known
/// split are writes of five minutes.
void read_usage(json::Cursor& cursor, Usage& usage);

/// Whether a `usage` object is an answer's last word or what `message_start` says.
enum class UsageScope : std::uint8_t { Final, Delta };

/// Writes a `usage` object. `Delta` is message_delta's: without tier and the cache's split by time.
void write_usage(json::Writer& writer, const Usage& usage, UsageScope scope);

}  // namespace tidegate::llm::anthropic
