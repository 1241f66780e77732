// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/conversation.h"
#include "llm/json/writer.h"

#include <cstdint>

namespace tidegate::llm::openai {

/// One entry of OpenRouter's `reasoning_details`: the signed or encrypted reasoning that Anthropic wants back in the
/// next request, and that this dialect has no other place for. Clients that do not know the field lose nothing else.
void write_reasoning_detail(json::Writer& writer, const ReasoningPart& reasoning, std::int32_t index);

}  // namespace tidegate::llm::openai
