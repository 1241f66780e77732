// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/conversation.h"
#include "llm/json/cursor.h"

#include <string_view>
#include <vector>

namespace tidegate::llm::anthropic {

/// Reads content: a string, or an array of blocks as they stand in requests and answers. `text` is what the cursor
/// reads. Blocks and details that have no place in a part are named in `losses`.
[[nodiscard]] std::vector<Part> read_blocks(json::Cursor& cursor, std::string_view text, Losses& losses);

[[nodiscard]] CacheMark read_cache_mark(json::Cursor& cursor);

}  // namespace tidegate::llm::anthropic
