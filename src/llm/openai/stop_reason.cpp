// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/stop_reason.h"

namespace tidegate::llm::openai {

StopReason read_finish_reason(std::string_view word) {
  if (word == "length") return StopReason::MaxTokens;
  if (word == "tool_calls" || word == "function_call") return StopReason::ToolCalls;
  if (word == "content_filter") return StopReason::Refusal;
  return StopReason::EndTurn;
}

std::string_view finish_reason_word(StopReason reason) {
  switch (reason) {
    case StopReason::Unsaid:
    case StopReason::EndTurn:
    case StopReason::StopSequence:
    case StopReason::Pause: return "stop";
    case StopReason::MaxTokens:
    case StopReason::ContextWindow: return "length";
    case StopReason::ToolCalls: return "tool_calls";
    case StopReason::Refusal: return "content_filter";
  }
  return "stop";
}

}  // namespace tidegate::llm::openai
