// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/prompt_layout.h"
#include "llm/request_view.h"

#include <string_view>

namespace tidegate::llm::anthropic {

/// Reads what the gateway needs from the body of `POST /v1/messages` or `/v1/messages/count_tokens`
/// (facts/anthropic-api.md 2.2), in one pass. Never fails: no JSON object gives `readable = false`, an oddly typed
/// field reads as absent. Of a member that is there twice the last one counts, as in the providers' own parsers
/// (Python's json, JSON.parse).
///
/// Cache markers are counted where the API knows them (top level, tools, system and message blocks, blocks inside
/// blocks), so a prompt that speaks of `cache_control`, or a tool with a parameter of that name, is no marker.
[[nodiscard]] RequestView read_request(std::string_view body);

/// The same, and where the blocks of the prompt stand, into `layout`, whose memory is used again. Of an unreadable body
/// the layout is empty. An output parameter, so that a caller which reads one request after another allocates nothing.
[[nodiscard]] RequestView read_request(std::string_view body, PromptLayout& layout);

}  // namespace tidegate::llm::anthropic
