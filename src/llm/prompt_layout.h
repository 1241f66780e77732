// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/request_view.h"

#include <cstdint>
#include <vector>

namespace tidegate::llm {

/// Who speaks in a block of a prompt.
enum class PromptPart : std::uint8_t { Tools, System, User, Assistant, Other };

/// One block of a prompt, as the cache of a provider counts them.
struct PromptBlock {
  ByteRange range;  ///< of its value in the body: an object, or a text with its quotes
  PromptPart part = PromptPart::Other;
  bool is_text = false;         ///< `system` or a message's `content` written as a plain string: the only block there
  bool begins_message = false;  ///< the first of its message
  bool is_markable = false;     ///< `cache_control` may be set on it, for all we know of its type

  friend bool operator==(const PromptBlock&, const PromptBlock&) = default;
};

/// Where the blocks of an Anthropic prompt stand in the body. The order of a prefix is tools, system, messages,
/// whatever the order in the body.
struct PromptLayout {
  std::vector<PromptBlock> tools, system, messages;
  std::int32_t assistant_turns = 0;  ///< messages of the assistant: 0 in the first turn of a conversation
  bool has_images = false;           ///< also in the results of tools
  bool has_server_tools = false;     ///< a tool that the provider runs, or one of a type that is not known here
  bool has_attribution = false;      ///< `system` begins with the block by which Claude Code says who calls
  ByteRange tool_choice, thinking, output_config;  ///< a change of one of them invalidates the messages

  friend bool operator==(const PromptLayout&, const PromptLayout&) = default;
};

}  // namespace tidegate::llm
