// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/event_writer.h"

#include "llm/json/error_body.h"
#include "llm/json/writer.h"
#include "llm/openai/errors.h"
#include "llm/openai/reasoning_details.h"
#include "llm/openai/stop_reason.h"
#include "llm/openai/usage.h"
#include "llm/translated_names.h"

namespace tidegate::llm::openai {

namespace {

using json::Writer;
using Kind = AnswerEvent::Kind;

}  // namespace

void EventWriter::take(const AnswerEvent& event, std::string& out) {
  if (finished_) return;
  if (event.kind == Kind::Ping) {
    out += ": ping\n\n";  // this dialect has no such event, and its clients stumble over one (facts/clients.md 1)
    return;
  }
  if (event.kind == Kind::Error) {
    out += write_stream_error(event.error == nullptr ? UpstreamError{} : *event.error, form_.request_id);
    finished_ = true;
    return;
  }
  if (!started_) start(event, out);
  switch (event.kind) {
    case Kind::Start:
    case Kind::Ping:
    case Kind::PartEnd:
    case Kind::Error: return;
    case Kind::TextDelta: return write_text("content", event.text, out);
    case Kind::ReasoningDelta: reasoning_ += event.text; return write_text("reasoning_content", event.text, out);
    case Kind::Signature: return write_reasoning({std::exchange(reasoning_, {}), std::string(event.text), {}}, out);
    case Kind::Redacted: return write_reasoning({{}, {}, std::string(event.text)}, out);
    case Kind::ToolCallStart: return write_call_start(event, out);
    case Kind::ToolArguments: return write_arguments(event.call, event.text, out);
    case Kind::Usage:
      if (event.usage != nullptr) usage_ = *event.usage;
      return;
    case Kind::Stop: stop_ = event.stop; return;
    case Kind::End: return end(out);
  }
}

void EventWriter::start(const AnswerEvent& event, std::string& out) {
  started_ = true;
  const bool is_start = event.kind == Kind::Start;
  if (is_start && event.usage != nullptr) usage_ = *event.usage;
  beginning_ = "data: ";
  Writer writer(beginning_);
  writer.begin_object();
  writer.text_member("id", answer_id("chatcmpl-", is_start ? event.id : std::string_view{}, form_.request_id));
  writer.text_member("object", "chat.completion.chunk");
  writer.number_member("created", form_.created);
  writer.text_member("model", is_start ? event.name : std::string_view{});
  beginning_ += ",\"choices\":[";
  write_chunk(R"({"role":"assistant","content":""})", "null", out);
}

void EventWriter::write_chunk(std::string_view delta, std::string_view finish_reason, std::string& out) const {
  out.append(beginning_).append(R"({"index":0,"delta":)").append(delta);
  out.append(R"(,"finish_reason":)").append(finish_reason);
  out.append(form_.with_usage ? "}],\"usage\":null}\n\n" : "}]}\n\n");
}

void EventWriter::write_text(std::string_view member, std::string_view text, std::string& out) const {
  if (text.empty()) return;
  std::string delta;
  Writer writer(delta);
  writer.begin_object();
  writer.text_member(member, text);
  writer.end_object();
  write_chunk(delta, "null", out);
}

void EventWriter::write_reasoning(const ReasoningPart& reasoning, std::string& out) {
  std::string delta;
  Writer writer(delta);
  writer.begin_object();
  writer.begin_array_member("reasoning_details");
  write_reasoning_detail(writer, reasoning, details_++);
  writer.end_array();
  writer.end_object();
  write_chunk(delta, "null", out);
}

void EventWriter::write_call_start(const AnswerEvent& event, std::string& out) const {
  std::string delta;
  Writer writer(delta);
  writer.begin_object();
  writer.begin_array_member("tool_calls");
  writer.begin_object();
  writer.number_member("index", event.call);
  writer.text_member("id", event.id);
  writer.text_member("type", "function");
  writer.begin_object_member("function");
  writer.text_member("name", form_.tool_name(event.name));
  writer.text_member("arguments", "");
  writer.end_object();
  writer.end_object();
  writer.end_array();
  writer.end_object();
  write_chunk(delta, "null", out);
}

void EventWriter::write_arguments(std::int32_t call, std::string_view text, std::string& out) const {
  if (text.empty()) return;
  std::string delta;
  Writer writer(delta);
  writer.begin_object();
  writer.begin_array_member("tool_calls");
  writer.begin_object();
  writer.number_member("index", call);
  writer.begin_object_member("function");
  writer.text_member("arguments", text);
  writer.end_object();
  writer.end_object();
  writer.end_array();
  writer.end_object();
  write_chunk(delta, "null", out);
}

void EventWriter::end(std::string& out) {
  std::string reason;
  json::append_quoted(reason, finish_reason_word(stop_));
  write_chunk("{}", reason, out);
  if (form_.with_usage) {
    out.append(beginning_).append("]");
    std::string usage;
    Writer writer(usage);
    write_usage(writer, usage_);
    out.append(",\"usage\":").append(usage).append("}\n\n");
  }
  out += "data: [DONE]\n\n";
  finished_ = true;
}

std::string write_stream_error(const UpstreamError& error, std::string_view request_id) {
  const std::string_view message =
      error.message.empty() ? "the provider's answer broke off" : std::string_view(error.message);
  return write_error_event(Endpoint::ChatCompletions, status_of(error.kind), {}, message, request_id,
                           error_code_of(error));
}

std::string_view error_code_of(const UpstreamError& error) {
  switch (error.kind) {
    case UpstreamErrorKind::RateLimit:
    case UpstreamErrorKind::Ramp:
    case UpstreamErrorKind::Concurrency: return "rate_limit_exceeded";
    case UpstreamErrorKind::TierSpendCap:
    case UpstreamErrorKind::ContractCap:
    case UpstreamErrorKind::OwnSpendLimit:
    case UpstreamErrorKind::Billing: return "insufficient_quota";
    case UpstreamErrorKind::Authentication: return "invalid_api_key";
    case UpstreamErrorKind::NotFound: return "model_not_found";
    case UpstreamErrorKind::InvalidRequest:
      return json::mentions(error.message, "prompt is too long") ? "context_length_exceeded"
                                                                 : std::string_view(error.code);
    case UpstreamErrorKind::None:
    case UpstreamErrorKind::Permission:
    case UpstreamErrorKind::TooLarge:
    case UpstreamErrorKind::Overloaded:
    case UpstreamErrorKind::ServerError:
    case UpstreamErrorKind::Timeout:
    case UpstreamErrorKind::Connect:
    case UpstreamErrorKind::Reset:
    case UpstreamErrorKind::Truncated:
    case UpstreamErrorKind::MidStream:
    case UpstreamErrorKind::Protocol: return error.code;
  }
  return {};
}

}  // namespace tidegate::llm::openai
