// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/json/cursor.h"
#include "llm/json/writer.h"
#include "llm/usage.h"

namespace tidegate::llm::openai {

/// Reads a `usage` object of chat completions and embeddings (`prompt_tokens`, `completion_tokens`) or of Responses
/// (`input_tokens`, `output_tokens`) and converts it: the input there includes what was read from the cache
/// (facts/anthropic-api.md 5.2), ours does not. `prompt_tokens_details.cache_write_tokens` (OpenRouter) are writes of
/// five minutes, `prompt_cache_hit_tokens` (DeepSeek) are reads. Replaces the token counts, since every such object is
/// whole.
void read_usage(json::Cursor& cursor, Usage& usage);

/// Writes a `usage` object of chat completions: `prompt_tokens` includes what was read from and written to the cache.
void write_usage(json::Writer& writer, const Usage& usage);

}  // namespace tidegate::llm::openai
