// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/conversation.h"
#include "llm/json/writer.h"

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::llm::anthropic {

/// Writes content: a string for one unmarked text, otherwise an array of blocks.
void write_blocks(json::Writer& writer, const std::vector<const Part*>& parts, Losses& losses);
/// An array in any case, as in answers.
void write_block_array(json::Writer& writer, const std::vector<const Part*>& parts, Losses& losses);

/// `"cache_control":{…}`; nothing for no mark.
void write_cache_mark(json::Writer& writer, CacheMark mark);

/// The `input` of a tool call: its arguments if they are a JSON object, `{}` if there are none, and what a model did
/// not finish or got wrong as `{"INVALID_JSON":"…"}`, which Anthropic's documents recommend.
[[nodiscard]] std::string tool_input(std::string_view arguments);

/// Whether a text says anything but blanks; the API refuses one that does not.
[[nodiscard]] bool has_words(std::string_view text);
[[nodiscard]] bool is_empty_text(const Part& part);

}  // namespace tidegate::llm::anthropic
