// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/answer_profile.h"

#include "llm/anthropic/event_reader.h"
#include "llm/anthropic/whole_answer.h"
#include "llm/json/validity.h"
#include "llm/openai/event_reader.h"
#include "llm/openai/whole_answer.h"

namespace tidegate::gateway {
namespace {

using Kind = llm::AnswerEvent::Kind;

std::string_view word_of(llm::StopReason reason) {
  switch (reason) {
    case llm::StopReason::Unsaid: return {};
    case llm::StopReason::EndTurn: return "end_turn";
    case llm::StopReason::StopSequence: return "stop_sequence";
    case llm::StopReason::MaxTokens: return "max_tokens";
    case llm::StopReason::ContextWindow: return "context_window";
    case llm::StopReason::ToolCalls: return "tool_calls";
    case llm::StopReason::Refusal: return "refusal";
    case llm::StopReason::Pause: return "pause";
  }
  return {};
}

template <typename Reader>
void read_stream(Reader&& reader, std::string_view payload, const llm::AnswerSink& sink) {
  reader.feed(payload, sink);
}

}  // namespace

AnswerProfile profile_of(llm::Dialect dialect, bool is_stream, std::string_view payload) {
  AnswerProfile profile;
  std::vector<std::string> arguments;
  const llm::AnswerSink sink = [&](const llm::AnswerEvent& event) {
    switch (event.kind) {
      case Kind::TextDelta: profile.characters += static_cast<std::int64_t>(event.text.size()); break;
      case Kind::ToolCallStart: arguments.emplace_back(); break;
      case Kind::ToolArguments:
        profile.characters += static_cast<std::int64_t>(event.text.size());
        if (event.call >= 0 && static_cast<std::size_t>(event.call) < arguments.size()) arguments[static_cast<std::size_t>(event.call)] += event.text;
        break;
      case Kind::Stop: profile.stop = word_of(event.stop); break;
      default: break;
    }
  };
  if (is_stream) {
    if (dialect == llm::Dialect::Anthropic) read_stream(llm::anthropic::EventReader{}, payload, sink);
    else read_stream(llm::openai::EventReader{}, payload, sink);
  } else {
    const auto answer = dialect == llm::Dialect::Anthropic ? llm::anthropic::read_answer(payload) : llm::openai::read_answer(payload);
    if (answer) llm::replay(*answer, sink);
  }
  profile.tool_calls = static_cast<std::int32_t>(arguments.size());
  for (const std::string& one : arguments) profile.tool_calls_valid = profile.tool_calls_valid && (one.empty() || llm::json::is_valid_object(one));
  return profile;
}

}  // namespace tidegate::gateway
