// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/event_writer.h"

#include "llm/anthropic/conversation.h"
#include "llm/anthropic/errors.h"
#include "llm/anthropic/stop_reason.h"
#include "llm/anthropic/usage.h"
#include "llm/json/writer.h"
#include "llm/translated_names.h"

#include <algorithm>
#include <utility>

namespace tidegate::llm::anthropic {

namespace {

using json::Writer;
using Kind = AnswerEvent::Kind;

/// What may wait for an open call: more than any answer has.
constexpr std::size_t kMostWaitingBytes = 8 * 1024 * 1024;

/// Begins an event; its object is to be closed with `end_event`.
Writer begin_event(std::string& out, std::string_view type) {
  out.append("event: ").append(type).append("\ndata: ");
  Writer writer(out);
  writer.begin_object();
  writer.text_member("type", type);
  return writer;
}

void end_event(Writer& writer, std::string& out) {
  writer.end_object();
  out += "\n\n";
}

}  // namespace

void EventWriter::take(const AnswerEvent& event, std::string& out) {
  if (finished_) return;
  if (event.kind == Kind::Ping) {
    out += "event: ping\ndata: {\"type\":\"ping\"}\n\n";
    return;
  }
  if (event.kind == Kind::Error) return write_error(event.error == nullptr ? UpstreamError{} : *event.error, out);
  if (!started_) start(event, out);
  switch (event.kind) {
    case Kind::Start:
    case Kind::Ping:
    case Kind::Error: break;
    case Kind::TextDelta: return take_content({.block = Block::Text, .text = std::string(event.text)}, out);
    case Kind::ReasoningDelta: return take_content({.block = Block::Reasoning, .text = std::string(event.text)}, out);
    case Kind::Redacted: return take_content({.block = Block::Redacted, .text = std::string(event.text)}, out);
    case Kind::Signature: return take_signature(event.text, out);
    case Kind::ToolCallStart:
      return take_content({Block::Tool, event.call, std::string(event.id), std::string(event.name), {}}, out);
    case Kind::ToolArguments: return take_arguments(event, out);
    case Kind::PartEnd:
      if (event.call == call_ && waiting_.empty()) close(out);
      return;
    case Kind::Usage:
      if (event.usage != nullptr) usage_ = *event.usage;
      return;
    case Kind::Stop:
      stop_ = event.stop;
      stop_sequence_ = std::string(event.text);
      return write_all_waiting(out);
    case Kind::End: return end(out);
  }
}

void EventWriter::start(const AnswerEvent& event, std::string& out) {
  started_ = true;
  const bool is_start = event.kind == Kind::Start;
  if (is_start && event.usage != nullptr) usage_ = *event.usage;
  Writer writer = begin_event(out, "message_start");
  writer.begin_object_member("message");
  writer.text_member("id", answer_id("msg_", is_start ? event.id : std::string_view{}, form_.request_id));
  writer.text_member("type", "message");
  writer.text_member("role", "assistant");
  writer.text_member("model", is_start ? event.name : std::string_view{});
  writer.begin_array_member("content");
  writer.end_array();
  writer.null_member("stop_reason");
  writer.null_member("stop_sequence");
  writer.key("usage");
  write_usage(writer, usage_, UsageScope::Final);
  writer.end_object();
  end_event(writer, out);
}

void EventWriter::take_content(Piece piece, std::string& out) {
  if (piece.text.empty() && piece.block != Block::Tool) return;
  if (!must_wait()) {
    if (piece.block != block_ || piece.block == Block::Tool || piece.block == Block::Redacted) open(piece, out);
    write_text(piece.text, out);
    return;
  }
  waiting_bytes_ += piece.text.size();
  const bool continues = !waiting_.empty() && waiting_.back().block == piece.block && piece.block != Block::Tool &&
                         piece.block != Block::Redacted;
  if (continues) {
    waiting_.back().text += piece.text;
  } else {
    waiting_.push_back(std::move(piece));
  }
  if (waiting_bytes_ > kMostWaitingBytes)
    write_error({UpstreamErrorKind::Protocol, {}, {}, "the provider's tool calls never end"}, out);
}

void EventWriter::take_arguments(const AnswerEvent& event, std::string& out) {
  if (event.text.empty()) return;
  if (block_ == Block::Tool && event.call == call_) {
    write_text(event.text, out);
    return write_waiting(out);
  }
  const auto waits =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const Piece& piece) { return piece.call == event.call; });
  if (waits != waiting_.end()) {
    waiting_bytes_ += event.text.size();
    waits->text += event.text;
    if (waiting_bytes_ > kMostWaitingBytes)
      write_error({UpstreamErrorKind::Protocol, {}, {}, "the provider's tool calls never end"}, out);
    return;
  }
  if (event.text.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
  write_error({UpstreamErrorKind::Protocol, {}, {}, "the provider wrote arguments behind the end of their tool call"},
              out);
}

void EventWriter::take_signature(std::string_view signature, std::string& out) {
  if (block_ != Block::Reasoning) {
    if (must_wait()) return;
    open({.block = Block::Reasoning}, out);
  }
  signature_ += signature;
}

void EventWriter::open(const Piece& piece, std::string& out) {
  close(out);
  block_ = piece.block;
  call_ = piece.call;
  Writer writer = begin_event(out, "content_block_start");
  writer.number_member("index", next_index_++);
  writer.begin_object_member("content_block");
  switch (piece.block) {
    case Block::None: break;
    case Block::Text:
      writer.text_member("type", "text");
      writer.text_member("text", "");
      break;
    case Block::Reasoning:
      writer.text_member("type", "thinking");
      writer.text_member("thinking", "");
      writer.text_member("signature", "");
      break;
    case Block::Redacted:
      writer.text_member("type", "redacted_thinking");
      writer.text_member("data", piece.text);
      break;
    case Block::Tool:
      arguments_ = {};
      writer.text_member("type", "tool_use");
      writer.text_member("id", plain_tool_call_id(piece.id));
      writer.text_member("name", form_.tool_name(piece.name));
      writer.raw_member("input", "{}");
      break;
  }
  writer.end_object();
  end_event(writer, out);
}

void EventWriter::write_delta(std::string_view type, std::string_view member, std::string_view text, std::string& out) {
  Writer writer = begin_event(out, "content_block_delta");
  writer.number_member("index", next_index_ - 1);
  writer.begin_object_member("delta");
  writer.text_member("type", type);
  writer.text_member(member, text);
  writer.end_object();
  end_event(writer, out);
}

void EventWriter::write_text(std::string_view text, std::string& out) {
  if (text.empty()) return;
  switch (block_) {
    case Block::None:
    case Block::Redacted: return;
    case Block::Text: return write_delta("text_delta", "text", text, out);
    case Block::Reasoning: return write_delta("thinking_delta", "thinking", text, out);
    case Block::Tool: arguments_.feed(text); return write_delta("input_json_delta", "partial_json", text, out);
  }
}

void EventWriter::close(std::string& out) {
  if (block_ == Block::None) return;
  if (block_ == Block::Reasoning) {
    write_delta("signature_delta", "signature", signature_.empty() ? kForeignSignature : std::string_view(signature_),
                out);
    signature_.clear();
  }
  Writer writer = begin_event(out, "content_block_stop");
  writer.number_member("index", next_index_ - 1);
  end_event(writer, out);
  block_ = Block::None;
  call_ = -1;
}

void EventWriter::write_waiting(std::string& out) {
  while (!waiting_.empty() && !must_wait()) {
    const Piece piece = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    waiting_bytes_ -= piece.text.size();
    open(piece, out);
    write_text(piece.text, out);
  }
}

void EventWriter::write_all_waiting(std::string& out) {
  close(out);
  while (!waiting_.empty()) {
    write_waiting(out);
    close(out);
  }
}

void EventWriter::end(std::string& out) {
  write_all_waiting(out);
  {
    Writer writer = begin_event(out, "message_delta");
    writer.begin_object_member("delta");
    writer.text_member("stop_reason", stop_reason_word(stop_));
    if (stop_ == StopReason::StopSequence) {
      writer.text_member("stop_sequence", stop_sequence_);
    } else {
      writer.null_member("stop_sequence");
    }
    writer.end_object();
    writer.key("usage");
    write_usage(writer, usage_, UsageScope::Delta);
    end_event(writer, out);
  }
  out += "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  finished_ = true;
}

void EventWriter::write_error(const UpstreamError& error, std::string& out) {
  out += write_stream_error(error, form_.request_id);
  finished_ = true;
}

std::string write_stream_error(const UpstreamError& error, std::string_view request_id) {
  const std::string_view message =
      error.message.empty() ? "the provider's answer broke off" : std::string_view(error.message);
  return write_error_event(status_of(error.kind), {}, message, request_id);
}

}  // namespace tidegate::llm::anthropic
