// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/whole_answer.h"

#include "llm/anthropic/block_reader.h"
#include "llm/anthropic/block_writer.h"
#include "llm/anthropic/conversation.h"
#include "llm/anthropic/stop_reason.h"
#include "llm/anthropic/usage.h"
#include "llm/json/validity.h"
#include "llm/translated_names.h"

namespace tidegate::llm::anthropic {

namespace {

/// What a client of this dialect must be able to send back: a signed thought, a plain id, the name it gave.
Part as_written_here(Part part, const AnswerForm& form) {
  if (auto* reasoning = std::get_if<ReasoningPart>(&part.content)) {
    if (reasoning->signature.empty()) reasoning->signature = kForeignSignature;
  } else if (auto* call = std::get_if<ToolCallPart>(&part.content)) {
    call->name = std::string(form.tool_name(call->name));
  }
  return part;
}

}  // namespace

Result<WholeAnswer> read_answer(std::string_view body) {
  WholeAnswer answer;
  bool has_content = false;
  if (json::is_valid_object(body)) {
    json::Cursor cursor(body);
    cursor.object([&](std::string_view key) {
      if (key == "id") {
        answer.id = cursor.text();
      } else if (key == "model") {
        answer.model = cursor.text();
      } else if (key == "content") {
        has_content = cursor.peek() == json::Kind::Array;
        answer.parts = read_blocks(cursor, body, answer.losses);
      } else if (key == "stop_reason") {
        answer.stop = read_stop_reason(cursor.text());
      } else if (key == "stop_sequence") {
        answer.stop_sequence = cursor.text();
      } else if (key == "usage") {
        read_usage(cursor, answer.usage);
      }
    });
  }
  if (!has_content)
    return fail(FailureKind::Protocol, Origin::Upstream, "the provider's answer is no message", Retry::OtherTarget);
  if (!name_calls(answer)) {
    return fail(FailureKind::Protocol, Origin::Upstream, "the provider's tool call has no name", Retry::OtherTarget);
  }
  return answer;
}

std::string write_answer(const WholeAnswer& answer, const AnswerForm& form) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  writer.text_member("id", answer_id("msg_", answer.id, form.request_id));
  writer.text_member("type", "message");
  writer.text_member("role", "assistant");
  writer.text_member("model", answer.model);
  std::vector<Part> parts;
  for (const Part& part : answer.parts) {
    if (!is_empty_text(part)) parts.push_back(as_written_here(part, form));
  }
  std::vector<const Part*> pointers;
  for (const Part& part : parts) pointers.push_back(&part);
  Losses none;
  writer.key("content");
  write_block_array(writer, pointers, none);
  writer.text_member("stop_reason", stop_reason_word(answer.stop));
  if (answer.stop == StopReason::StopSequence) {
    writer.text_member("stop_sequence", answer.stop_sequence);
  } else {
    writer.null_member("stop_sequence");
  }
  writer.key("usage");
  write_usage(writer, answer.usage, UsageScope::Final);
  writer.end_object();
  return body;
}

}  // namespace tidegate::llm::anthropic
