// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/upstream_error.h"
#include "llm/usage.h"

#include <cstdint>
#include <functional>
#include <string_view>

namespace tidegate::llm {

/// Why an answer ended.
enum class StopReason : std::uint8_t {
  Unsaid,
  EndTurn,
  StopSequence,
  MaxTokens,
  ContextWindow,
  ToolCalls,
  Refusal,
  Pause,  ///< a server tool goes on in the next request
};

/// One step of a streamed answer, in neither dialect's words. Views are valid during the call that hands it on.
struct AnswerEvent {
  enum class Kind : std::uint8_t {
    Start,           ///< id, name (the model), usage if the provider says it this early
    TextDelta,       ///< text
    ReasoningDelta,  ///< text
    Signature,       ///< text: opaque, of the reasoning before it
    Redacted,        ///< text: opaque, a piece of reasoning that is not shown
    ToolCallStart,   ///< call, id, name
    ToolArguments,   ///< call, text: a piece of JSON
    PartEnd,         ///< the part at hand is complete; not every dialect says so. `call` if it is a tool call
    Usage,           ///< usage: cumulative
    Stop,            ///< stop; text: the stop sequence if one was met
    Error,           ///< error: the answer ends here
    Ping,
    End,  ///< the dialect's own end
  };
  Kind kind;
  std::int32_t call = -1;  ///< which tool call, counted from 0 as they start; -1: none
  std::string_view text = {};
  std::string_view id = {};
  std::string_view name = {};
  StopReason stop = StopReason::Unsaid;
  const Usage* usage = nullptr;
  const UpstreamError* error = nullptr;
};

using AnswerSink = std::function<void(const AnswerEvent&)>;

}  // namespace tidegate::llm
