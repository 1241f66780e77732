// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/dialect.h"

namespace tidegate::llm {

std::string_view to_string(Dialect dialect) {
  switch (dialect) {
    case Dialect::Anthropic: return "anthropic";
    case Dialect::OpenAi: return "openai";
  }
  return "unknown";
}

std::string_view to_string(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::Messages: return "messages";
    case Endpoint::CountTokens: return "count_tokens";
    case Endpoint::MessageBatches: return "batches";
    case Endpoint::Files: return "files";
    case Endpoint::Models: return "models";
    case Endpoint::ChatCompletions: return "chat_completions";
    case Endpoint::Responses: return "responses";
    case Endpoint::Embeddings: return "embeddings";
    case Endpoint::Other: return "other";
  }
  return "unknown";
}

}  // namespace tidegate::llm
