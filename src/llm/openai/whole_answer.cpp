// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/whole_answer.h"

#include "llm/json/validity.h"
#include "llm/json/writer.h"
#include "llm/openai/message_reader.h"
#include "llm/openai/reasoning_details.h"
#include "llm/openai/stop_reason.h"
#include "llm/openai/usage.h"
#include "llm/translated_names.h"

#include <algorithm>
#include <utility>

namespace tidegate::llm::openai {

namespace {

using json::Cursor;
using json::Kind;
using json::Writer;

void read_choice(Cursor& cursor, std::string_view body, WholeAnswer& answer) {
  Conversation conversation;
  MessageReader reader(body, conversation);
  cursor.object([&](std::string_view key) {
    if (key == "message") {
      answer.parts = reader.read_answer(cursor);
    } else if (key == "finish_reason") {
      answer.stop = read_finish_reason(cursor.text());
    } else if (key == "stop_reason") {
      if (cursor.peek() == Kind::String) answer.stop_sequence = cursor.text();  // vLLM: the sequence that was met
    } else if (key == "usage") {
      read_usage(cursor, answer.usage);
    } else if (key == "logprobs" && cursor.peek() != Kind::Null) {
      answer.losses.add("logprobs", LossWeight::Meaning);
    }
  });
  answer.losses.add_all(conversation.unread);
}

void write_calls(Writer& writer, const std::vector<const ToolCallPart*>& calls, const AnswerForm& form) {
  writer.begin_array_member("tool_calls");
  for (const ToolCallPart* call : calls) {
    writer.begin_object();
    writer.text_member("id", call->id);
    writer.text_member("type", "function");
    writer.begin_object_member("function");
    writer.text_member("name", form.tool_name(call->name));
    writer.text_member("arguments", call->arguments.empty() ? "{}" : call->arguments);
    writer.end_object();
    writer.end_object();
  }
  writer.end_array();
}

void write_message(Writer& writer, const WholeAnswer& answer, const AnswerForm& form) {
  std::string text;
  std::string reasoning;
  std::vector<const ReasoningPart*> opaque;
  std::vector<const ToolCallPart*> calls;
  for (const Part& part : answer.parts) {
    if (const auto* said = std::get_if<TextPart>(&part.content)) text += said->text;
    if (const auto* call = std::get_if<ToolCallPart>(&part.content)) calls.push_back(call);
    if (const auto* thought = std::get_if<ReasoningPart>(&part.content)) {
      reasoning += thought->text;
      if (!thought->signature.empty() || !thought->redacted.empty()) opaque.push_back(thought);
    }
  }
  writer.begin_object();
  writer.text_member("role", "assistant");
  writer.key("content");
  if (text.empty() && !calls.empty()) {
    writer.null();
  } else {
    writer.text(text);
  }
  writer.null_member("refusal");
  if (!reasoning.empty()) writer.text_member("reasoning_content", reasoning);
  if (!opaque.empty()) {
    writer.begin_array_member("reasoning_details");
    std::int32_t index = 0;
    for (const ReasoningPart* thought : opaque) write_reasoning_detail(writer, *thought, index++);
    writer.end_array();
  }
  if (!calls.empty()) write_calls(writer, calls, form);
  writer.end_object();
}

}  // namespace

void write_reasoning_detail(Writer& writer, const ReasoningPart& reasoning, std::int32_t index) {
  writer.begin_object();
  if (!reasoning.redacted.empty()) {
    writer.text_member("type", "reasoning.encrypted");
    writer.text_member("data", reasoning.redacted);
  } else {
    writer.text_member("type", "reasoning.text");
    if (!reasoning.text.empty()) writer.text_member("text", reasoning.text);
    writer.text_member("signature", reasoning.signature);
  }
  writer.text_member("format", "anthropic-claude-v1");
  writer.number_member("index", index);
  writer.end_object();
}

Result<WholeAnswer> read_answer(std::string_view body) {
  WholeAnswer answer;
  int choices = 0;
  if (json::is_valid_object(body)) {
    Cursor cursor(body);
    cursor.object([&](std::string_view key) {
      if (key == "id") {
        answer.id = cursor.text();
      } else if (key == "model") {
        answer.model = cursor.text();
      } else if (key == "choices") {
        cursor.array([&] {
          if (++choices == 1) return read_choice(cursor, body, answer);
          cursor.skip();
        });
      } else if (key == "usage") {
        read_usage(cursor, answer.usage);
      }
    });
  }
  if (choices == 0) {
    return fail(FailureKind::Protocol, Origin::Upstream, "the provider's answer is no chat completion",
                Retry::OtherTarget);
  }
  if (!name_calls(answer)) {
    return fail(FailureKind::Protocol, Origin::Upstream, "the provider's tool call has no name", Retry::OtherTarget);
  }
  if (choices > 1) answer.losses.add("choices", LossWeight::Meaning);
  const auto is_call = [](const Part& part) { return std::holds_alternative<ToolCallPart>(part.content); };
  if (answer.stop == StopReason::EndTurn) {
    if (std::any_of(answer.parts.begin(), answer.parts.end(), is_call)) {
      answer.stop = StopReason::ToolCalls;  // some providers say `stop` for both
    } else if (!answer.stop_sequence.empty()) {
      answer.stop = StopReason::StopSequence;
    }
  }
  return answer;
}

std::string write_answer(const WholeAnswer& answer, const AnswerForm& form) {
  std::string body;
  Writer writer(body);
  writer.begin_object();
  writer.text_member("id", answer_id("chatcmpl-", answer.id, form.request_id));
  writer.text_member("object", "chat.completion");
  writer.number_member("created", form.created);
  writer.text_member("model", answer.model);
  writer.begin_array_member("choices");
  writer.begin_object();
  writer.number_member("index", 0);
  writer.key("message");
  write_message(writer, answer, form);
  writer.null_member("logprobs");
  writer.text_member("finish_reason", finish_reason_word(answer.stop));
  writer.end_object();
  writer.end_array();
  writer.key("usage");
  write_usage(writer, answer.usage);
  writer.end_object();
  return body;
}

}  // namespace tidegate::llm::openai
