// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/event_reader.h"

#include "llm/anthropic/errors.h"
#include "llm/anthropic/stop_reason.h"
#include "llm/anthropic/usage.h"
#include "llm/json/validity.h"
#include "llm/translated_names.h"

namespace tidegate::llm::anthropic {

namespace {

using json::Cursor;
using Kind = AnswerEvent::Kind;

std::string type_of(std::string_view data) {
  std::string type;
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key == "type") type = cursor.text();
  });
  return type;
}

}  // namespace

void EventReader::feed(std::string_view bytes, const AnswerSink& sink) {
  scanner_.feed(bytes, [&](std::string_view event, std::string_view data) {
    if (event.empty()) {
      take(type_of(data), data, sink);  // a relay that leaves the names out
    } else {
      take(event, data, sink);
    }
  });
}

void EventReader::take(std::string_view event, std::string_view data, const AnswerSink& sink) {
  if (event == "content_block_delta") {
    take_delta(data, sink);
  } else if (event == "content_block_start") {
    take_block_start(data, sink);
  } else if (event == "content_block_stop") {
    take_block_stop(sink);
  } else if (event == "message_start") {
    take_start(data, sink);
  } else if (event == "message_delta") {
    take_message_delta(data, sink);
  } else if (event == "message_stop") {
    sink({.kind = Kind::End});
  } else if (event == "ping") {
    sink({.kind = Kind::Ping});
  } else if (event == "error") {
    const UpstreamError error = read_error(200, data);
    sink({.kind = Kind::Error, .error = &error});
  }
}

void EventReader::take_start(std::string_view data, const AnswerSink& sink) {
  std::string model;
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key != "message") return;
    cursor.object([&](std::string_view inner) {
      if (inner == "id") id_ = cursor.text();
      if (inner == "model") model = cursor.text();
      if (inner == "usage") read_usage(cursor, usage_);
    });
  });
  sink({.kind = Kind::Start, .id = id_, .name = model, .usage = &usage_});
}

void EventReader::take_block_start(std::string_view data, const AnswerSink& sink) {
  std::string type;
  std::string text;
  std::string id;
  std::string name;
  whole_input_.clear();
  has_arguments_ = false;
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key != "content_block") return;
    cursor.object([&](std::string_view inner) {
      if (inner == "type") {
        type = cursor.text();
      } else if (inner == "text" || inner == "thinking" || inner == "data") {
        text = cursor.text();
      } else if (inner == "id") {
        id = cursor.text();
      } else if (inner == "name") {
        name = cursor.text();
      } else if (inner == "input") {
        whole_input_ = std::string(json::raw_value(cursor, data));
      }
    });
  });
  if (type == "text") {
    block_ = Block::Text;
    if (!text.empty()) sink({.kind = Kind::TextDelta, .text = text});
  } else if (type == "thinking") {
    block_ = Block::Reasoning;
    if (!text.empty()) sink({.kind = Kind::ReasoningDelta, .text = text});
  } else if (type == "redacted_thinking") {
    block_ = Block::Redacted;
    sink({.kind = Kind::Redacted, .text = text});
  } else if (type == "tool_use") {
    block_ = Block::Tool;
    if (name.empty()) {
      const UpstreamError error{UpstreamErrorKind::Protocol, {}, {}, "the provider's tool call has no name"};
      return sink({.kind = Kind::Error, .error = &error});
    }
    if (id.empty()) id = fallback_call_id(id_, static_cast<std::size_t>(calls_));
    sink({.kind = Kind::ToolCallStart, .call = calls_++, .id = id, .name = name});
  } else {
    block_ = Block::Other;
    losses_.add("content", type, LossWeight::Meaning);
  }
}

void EventReader::take_delta(std::string_view data, const AnswerSink& sink) {
  std::string type;
  std::string text;
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key != "delta") return;
    cursor.object([&](std::string_view inner) {
      if (inner == "type") {
        type = cursor.text();
      } else if (inner == "text" || inner == "thinking" || inner == "signature" || inner == "partial_json") {
        text = cursor.text();
      }
    });
  });
  if (type == "citations_delta") losses_.add("citations", LossWeight::Hint);
  if (text.empty()) return;
  if (type == "text_delta" && block_ == Block::Text) {
    sink({.kind = Kind::TextDelta, .text = text});
  } else if (type == "input_json_delta" && block_ == Block::Tool) {
    has_arguments_ = true;
    sink({.kind = Kind::ToolArguments, .call = calls_ - 1, .text = text});
  } else if (type == "thinking_delta" && block_ == Block::Reasoning) {
    sink({.kind = Kind::ReasoningDelta, .text = text});
  } else if (type == "signature_delta" && block_ == Block::Reasoning) {
    sink({.kind = Kind::Signature, .text = text});
  }
}

void EventReader::take_block_stop(const AnswerSink& sink) {
  if (block_ == Block::Other) return;
  std::int32_t call = -1;
  if (block_ == Block::Tool) {
    call = calls_ - 1;
    if (!has_arguments_) {
      sink({.kind = Kind::ToolArguments,
            .call = call,
            .text = whole_input_.empty() ? std::string_view("{}") : whole_input_});
    }
  }
  block_ = Block::Other;
  sink({.kind = Kind::PartEnd, .call = call});
}

void EventReader::take_message_delta(std::string_view data, const AnswerSink& sink) {
  std::string reason;
  std::string sequence;
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key == "usage") read_usage(cursor, usage_);
    if (key != "delta") return;
    cursor.object([&](std::string_view inner) {
      if (inner == "stop_reason") reason = cursor.text();
      if (inner == "stop_sequence") sequence = cursor.text();
    });
  });
  usage_.complete = true;
  sink({.kind = Kind::Usage, .usage = &usage_});
  if (!reason.empty()) sink({.kind = Kind::Stop, .text = sequence, .stop = read_stop_reason(reason)});
}

}  // namespace tidegate::llm::anthropic
