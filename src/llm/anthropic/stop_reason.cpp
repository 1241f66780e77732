// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/stop_reason.h"

namespace tidegate::llm::anthropic {

StopReason read_stop_reason(std::string_view word) {
  if (word == "end_turn") return StopReason::EndTurn;
  if (word == "stop_sequence") return StopReason::StopSequence;
  if (word == "max_tokens") return StopReason::MaxTokens;
  if (word == "model_context_window_exceeded") return StopReason::ContextWindow;
  if (word == "tool_use") return StopReason::ToolCalls;
  if (word == "refusal") return StopReason::Refusal;
  if (word == "pause_turn" || word == "compaction") return StopReason::Pause;
  return StopReason::Unsaid;
}

std::string_view stop_reason_word(StopReason reason) {
  switch (reason) {
    case StopReason::Unsaid:
    case StopReason::EndTurn: return "end_turn";
    case StopReason::StopSequence: return "stop_sequence";
    case StopReason::MaxTokens: return "max_tokens";
    case StopReason::ContextWindow: return "model_context_window_exceeded";
    case StopReason::ToolCalls: return "tool_use";
    case StopReason::Refusal: return "refusal";
    case StopReason::Pause: return "pause_turn";
  }
  return "end_turn";
}

}  // namespace tidegate::llm::anthropic
