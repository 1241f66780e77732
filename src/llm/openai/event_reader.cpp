// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/event_reader.h"

#include "llm/json/validity.h"
#include "llm/openai/errors.h"
#include "llm/openai/message_reader.h"
#include "llm/openai/stop_reason.h"
#include "llm/openai/usage.h"
#include "llm/translated_names.h"

#include <utility>

namespace tidegate::llm::openai {

namespace {

using json::Cursor;
using Kind = AnswerEvent::Kind;

/// What a delta says of a tool call.
struct CallDelta {
  std::int64_t index = -1;
  std::string id;
  std::string name;
  std::string arguments;
};

CallDelta read_call_delta(Cursor& cursor, std::string_view data) {
  CallDelta delta;
  cursor.object([&](std::string_view key) {
    if (key == "index") {
      delta.index = cursor.integer().value_or(-1);
    } else if (key == "id") {
      delta.id = cursor.text();
    } else if (key == "function") {
      cursor.object([&](std::string_view inner) {
        if (inner == "name") {
          delta.name = cursor.text();
        } else if (inner == "arguments") {
          const json::Kind kind = cursor.peek();
          if (kind == json::Kind::Object) {
            delta.arguments = std::string(json::raw_value(cursor, data));
          } else {
            delta.arguments = cursor.text();
          }
        }
      });
    }
  });
  return delta;
}

}  // namespace

void EventReader::feed(std::string_view bytes, const AnswerSink& sink) {
  scanner_.feed(bytes, [&](std::string_view, std::string_view data) { take(data, sink); });
}

void EventReader::take(std::string_view data, const AnswerSink& sink) {
  if (data.starts_with("[DONE]")) return sink({.kind = Kind::End});
  std::string id;
  std::string model;
  std::string_view choices;
  bool is_error = false;
  bool has_usage = false;
  Cursor cursor(data);
  const bool is_object = cursor.object([&](std::string_view key) {
    if (key == "choices") {
      choices = json::raw_value(cursor, data);
    } else if (key == "usage") {
      has_usage = cursor.peek() == json::Kind::Object;
      read_usage(cursor, usage_);
    } else if (key == "id") {
      if (!started_) id = cursor.text();
    } else if (key == "model") {
      if (!started_) model = cursor.text();
    } else if (key == "error") {
      is_error = cursor.peek() != json::Kind::Null;
    }
  });
  if (is_error || !is_object) {
    UpstreamError error = read_error(200, data);
    if (!is_object) error = {UpstreamErrorKind::Protocol, {}, {}, "the provider sent an event that is no JSON object"};
    return sink({.kind = Kind::Error, .error = &error});
  }
  if (!std::exchange(started_, true)) {
    sink({.kind = Kind::Start, .id = id, .name = model});
    id_ = std::move(id);
  }
  Cursor inner(choices);
  if (!choices.empty()) inner.array([&] { take_choice(inner, choices, sink); });
  if (has_usage) sink({.kind = Kind::Usage, .usage = &usage_});
}

void EventReader::take_choice(Cursor& cursor, std::string_view data, const AnswerSink& sink) {
  std::string_view delta;
  std::string reason;
  std::string stop_sequence;
  std::int64_t index = 0;
  bool has_usage = false;
  cursor.object([&](std::string_view key) {
    if (key == "index") {
      index = cursor.integer().value_or(0);
    } else if (key == "delta") {
      delta = json::raw_value(cursor, data);
    } else if (key == "finish_reason") {
      reason = cursor.text();
    } else if (key == "stop_reason") {
      if (cursor.peek() == json::Kind::String) stop_sequence = cursor.text();  // vLLM: the sequence that was met
    } else if (key == "usage") {
      has_usage = cursor.peek() == json::Kind::Object;  // Moonshot
      read_usage(cursor, usage_);
    } else if (key == "logprobs" && cursor.peek() != json::Kind::Null) {
      losses_.add("logprobs", LossWeight::Meaning);
    }
  });
  if (index != 0) return losses_.add("choices", LossWeight::Meaning);
  Cursor inner(delta);
  if (!delta.empty()) take_delta(inner, delta, sink);
  if (has_usage) sink({.kind = Kind::Usage, .usage = &usage_});
  if (!reason.empty()) take_finish(reason, stop_sequence, sink);
}

void EventReader::take_delta(Cursor& cursor, std::string_view data, const AnswerSink& sink) {
  std::string reasoning;
  std::vector<ReasoningPart> details;
  std::string_view content;
  std::string_view refusal;
  std::string_view calls;
  cursor.object([&](std::string_view key) {
    if (key == "content") {
      content = json::raw_value(cursor, data);
    } else if (key == "reasoning_content" || key == "reasoning") {
      std::string text = cursor.text();
      if (!text.empty()) reasoning = std::move(text);  // OpenRouter and vLLM may send both, alike
    } else if (key == "reasoning_details") {
      details = read_reasoning_details(cursor);
    } else if (key == "refusal") {
      refusal = json::raw_value(cursor, data);
    } else if (key == "tool_calls") {
      calls = json::raw_value(cursor, data);
    } else if (key == "audio" && cursor.peek() != json::Kind::Null) {
      losses_.add("audio", LossWeight::Meaning);
    }
  });
  // The order of thought, whatever the members' order.
  if (!reasoning.empty()) sink({.kind = Kind::ReasoningDelta, .text = reasoning});
  for (const ReasoningPart& detail : details) {
    if (!detail.signature.empty()) sink({.kind = Kind::Signature, .text = detail.signature});
    if (!detail.redacted.empty()) sink({.kind = Kind::Redacted, .text = detail.redacted});
  }
  for (const std::string_view text : {content, refusal}) {
    Cursor inner(text);
    if (!text.empty()) take_content(inner, sink);
  }
  Cursor inner(calls);
  if (!calls.empty()) inner.array([&] { take_tool_call(inner, calls, sink); });
}

/// A string; from some providers a list of parts.
void EventReader::take_content(Cursor& cursor, const AnswerSink& sink) {
  if (cursor.peek() != json::Kind::Array) {
    const std::string text = cursor.text();
    if (!text.empty()) sink({.kind = Kind::TextDelta, .text = text});
    return;
  }
  cursor.array([&] {
    std::string text;
    cursor.object([&](std::string_view key) {
      if (key == "text") text = cursor.text();
    });
    if (!text.empty()) sink({.kind = Kind::TextDelta, .text = text});
  });
}

void EventReader::take_tool_call(Cursor& cursor, std::string_view data, const AnswerSink& sink) {
  const CallDelta delta = read_call_delta(cursor, data);
  // The latest call of that index: some providers give every call the index 0, and only id and name tell a new one.
  std::size_t call = calls_.size();
  for (std::size_t i = calls_.size(); i-- > 0;) {
    if (delta.index >= 0 && calls_[i].index != delta.index) continue;
    call = i;
    break;
  }
  const bool is_other = call < calls_.size() && !delta.id.empty() && !delta.name.empty() && delta.id != calls_[call].id;
  if (call == calls_.size() || is_other) {
    call = calls_.size();
    calls_.push_back({delta.index >= 0 ? delta.index : static_cast<std::int64_t>(call), delta.id, false, {}});
  }
  if (!calls_[call].is_named && !delta.name.empty()) start_call(call, delta.name, sink);
  if (delta.arguments.empty()) return;
  if (!calls_[call].is_named) {
    calls_[call].arguments += delta.arguments;
  } else {
    sink({.kind = Kind::ToolArguments, .call = static_cast<std::int32_t>(call), .text = delta.arguments});
  }
}

void EventReader::start_call(std::size_t call, std::string_view name, const AnswerSink& sink) {
  Call& named = calls_[call];
  named.is_named = true;
  // A client must be able to say which call its result belongs to.
  if (named.id.empty()) named.id = fallback_call_id(id_, call);
  const auto number = static_cast<std::int32_t>(call);
  sink({.kind = Kind::ToolCallStart, .call = number, .id = named.id, .name = name});
  if (!named.arguments.empty()) sink({.kind = Kind::ToolArguments, .call = number, .text = named.arguments});
}

void EventReader::take_finish(std::string_view reason, std::string_view stop_sequence, const AnswerSink& sink) {
  has_finish_reason_ = true;
  for (const Call& call : calls_) {
    if (call.is_named) continue;
    const UpstreamError error{UpstreamErrorKind::Protocol, {}, {}, "the provider's tool call has no name"};
    return sink({.kind = Kind::Error, .error = &error});
  }
  StopReason stop = read_finish_reason(reason);
  if (stop == StopReason::EndTurn && !calls_.empty()) stop = StopReason::ToolCalls;  // some say `stop` for both
  if (stop == StopReason::EndTurn && !stop_sequence.empty()) stop = StopReason::StopSequence;
  sink({.kind = Kind::Stop, .text = stop_sequence, .stop = stop});
}

}  // namespace tidegate::llm::openai
