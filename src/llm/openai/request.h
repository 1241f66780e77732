// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/dialect.h"
#include "llm/request_view.h"

#include <string_view>

namespace tidegate::llm::openai {

/// Reads what the gateway needs from the body of a chat completion, a response or an embedding, in one pass. The field
/// names of the three do not collide, so `endpoint` only decides which members hold content: `messages`, `input`, or
/// (embeddings) none. Never fails: no JSON object gives `readable = false`, an oddly typed field reads as absent; of a
/// member that is there twice the last one counts. `cache_control` is counted in messages' content parts and tools,
/// where Anthropic-backed relays understand it.
[[nodiscard]] RequestView read_request(Endpoint endpoint, std::string_view body);

}  // namespace tidegate::llm::openai
