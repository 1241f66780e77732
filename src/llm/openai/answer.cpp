// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/answer.h"

#include "llm/json/cursor.h"
#include "llm/openai/errors.h"
#include "llm/openai/usage.h"

#include <array>
#include <utility>

namespace tidegate::llm::openai {

namespace {

using json::Cursor;
using json::Kind;

constexpr std::size_t kLongestId = 256;

void overwrite(std::string& word, std::string read) {
  if (!read.empty()) word = std::move(read);
}

/// id and model are the same in every chunk: read once.
void read_once(std::string& word, Cursor& cursor) {
  if (word.empty()) word = cursor.text(kLongestId);
}

std::int64_t string_length(Cursor& cursor) {
  return static_cast<std::int64_t>(cursor.raw_string().value_or("").size());
}

/// `arguments` of a tool call, or of the older function call.
std::int64_t call_length(Cursor& cursor) {
  std::int64_t length = 0;
  cursor.object([&](std::string_view key) {
    if (key == "arguments") {
      length += string_length(cursor);
    } else if (key == "function") {
      cursor.object([&](std::string_view inner) {
        if (inner == "arguments") length += string_length(cursor);
      });
    }
  });
  return length;
}

/// The bytes of all generated texts in a delta: content, refusal, reasoning_content …, and tool calls' arguments.
std::int64_t delta_length(Cursor& cursor) {
  std::int64_t length = 0;
  cursor.object([&](std::string_view key) {
    if (key == "tool_calls") {
      cursor.array([&] { length += call_length(cursor); });
    } else if (key == "function_call") {
      length += call_length(cursor);
    } else if (key != "role" && cursor.peek() == Kind::String) {
      length += string_length(cursor);
    }
  });
  return length;
}

/// `choices` of a chunk or of a whole completion.
void read_choices(Cursor& cursor, AnswerFacts& facts) {
  cursor.array([&] {
    cursor.object([&](std::string_view key) {
      if (key == "delta") {
        const std::int64_t length = delta_length(cursor);
        facts.output_characters += length;
        facts.content_started |= length > 0;
      } else if (key == "finish_reason") {
        overwrite(facts.stop_reason, cursor.text(kLongestId));
      }
    });
  });
}

void keep_error(AnswerFacts& facts, std::string_view body) {
  facts.error = read_error(200, body);
  facts.error.kind = UpstreamErrorKind::MidStream;
}

/// A member of a response object, in its events as in a JSON answer.
void read_response_member(Cursor& cursor, std::string_view key, AnswerFacts& facts, std::string& incomplete_reason) {
  if (key == "id") {
    read_once(facts.id, cursor);
  } else if (key == "model") {
    overwrite(facts.model, cursor.text(kLongestId));
  } else if (key == "status") {
    overwrite(facts.stop_reason, cursor.text(kLongestId));
  } else if (key == "service_tier") {
    overwrite(facts.usage.service_tier, cursor.text(kLongestId));
  } else if (key == "usage") {
    read_usage(cursor, facts.usage);
  } else if (key == "incomplete_details") {
    cursor.object([&](std::string_view inner) {
      if (inner == "reason") incomplete_reason = cursor.text(kLongestId);
    });
  }
}

constexpr std::size_t kLongestMember = 256 * 1024;
constexpr std::array<json::MemberFilter::Wanted, 8> kAnswerMembers{
    {{"id", kLongestId},
     {"model", kLongestId},
     {"status", kLongestId},
     {"service_tier", kLongestId},
     {"incomplete_details", kLongestMember},
     {"usage", kLongestMember},
     {"error", kLongestMember},
     // For the finish reason; of a longer one it stays empty.
     {"choices", kLongestMember}}};

std::string_view content_member(Endpoint endpoint) {
  if (endpoint == Endpoint::ChatCompletions) return "choices";
  return endpoint == Endpoint::Responses ? "output" : "";
}

}  // namespace

void ChatStreamReader::feed(std::string_view bytes) {
  scanner_.feed(bytes, [this](std::string_view, std::string_view data) { take(data); });
}

void ChatStreamReader::take(std::string_view data) {
  if (data.starts_with("[DONE]")) {
    facts_.finished = true;
    return;
  }
  bool is_error = false;
  Cursor cursor(data);
  const auto read_member = [&](std::string_view key) {
    if (key == "choices") {
      // Bounded, because a provider decides what stands there.
      constexpr std::size_t kLongestBeginning = 1024;
      const std::size_t before = cursor.begin_of_key();
      if (before <= kLongestBeginning) known_beginning_.assign(data.substr(0, before));
      read_choices(cursor, facts_);
    } else if (key == "usage") {
      if (cursor.peek() == Kind::Object) facts_.usage.complete = true;
      read_usage(cursor, facts_.usage);
    } else if (key == "id") {
      read_once(facts_.id, cursor);
    } else if (key == "model") {
      read_once(facts_.model, cursor);
    } else if (key == "service_tier") {
      read_once(facts_.usage.service_tier, cursor);
    } else if (key == "error") {
      is_error = cursor.peek() != Kind::Null;
    }
  };
  const bool begins_as_before = !known_beginning_.empty() && data.starts_with(known_beginning_);
  if (begins_as_before) {
    cursor.object_from(known_beginning_.size(), read_member);
  } else {
    cursor.object(read_member);
  }
  if (is_error) keep_error(facts_, data);
}

void ResponsesStreamReader::feed(std::string_view bytes) {
  scanner_.feed(bytes, [this](std::string_view event, std::string_view data) { take(event, data); });
}

void ResponsesStreamReader::take(std::string_view event, std::string_view data) {
  if (event.ends_with(".delta")) {
    Cursor cursor(data);
    cursor.object([&](std::string_view key) {
      if (key != "delta" || cursor.peek() != Kind::String) return;
      facts_.content_started = true;
      facts_.output_characters += string_length(cursor);
    });
  } else if (event == "response.created" || event == "response.completed" || event == "response.incomplete" ||
             event == "response.failed") {
    take_response(event, data);
  } else if (event == "response.output_item.done") {
    Cursor cursor(data);
    cursor.object([&](std::string_view key) {
      if (key != "item") return;
      cursor.object([&](std::string_view inner) {
        if (inner == "container_id") {  // code_interpreter_call
          overwrite(facts_.container, cursor.text(kLongestId));
        } else if (marks_state_ && inner == "encrypted_content") {  // reasoning
          json::keep_state_mark(facts_.state_marks, json::state_mark(cursor.raw_string().value_or(std::string_view{})));
        }
      });
    });
  } else if (event == "error") {
    keep_error(facts_, data);
  } else if (event.empty()) {
    std::string type;
    Cursor cursor(data);
    cursor.object([&](std::string_view key) {
      if (key == "type") type = cursor.text(kLongestId);
    });
    if (!type.empty()) take(type, data);
  }
}

void ResponsesStreamReader::take_response(std::string_view event, std::string_view data) {
  std::string incomplete_reason;
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key != "response") return;
    cursor.object([&](std::string_view inner) { read_response_member(cursor, inner, facts_, incomplete_reason); });
  });
  if (event == "response.created") {
    facts_.stop_reason.clear();  // "in_progress" is no reason to stop
    return;
  }
  facts_.finished = true;
  facts_.usage.complete = facts_.usage.seen;
  overwrite(facts_.stop_reason, std::move(incomplete_reason));
  if (event == "response.failed") keep_error(facts_, data);
}

JsonReader::JsonReader(Endpoint endpoint, bool marks_state)
    : members_(kAnswerMembers, content_member(endpoint)), marks_state_(marks_state) {}

void JsonReader::feed(std::string_view bytes) {
  if (members_.is_complete()) return;
  read(bytes);
  if (marks_state_) state_.feed(bytes, facts_.state_marks);
}

void JsonReader::read(std::string_view bytes) {
  members_.feed(bytes);
  // Also of an answer that will break off: what was produced is charged, and then this is all there is to estimate it by.
  constexpr std::int64_t kEmptyList = 2;
  facts_.content_started = members_.counted_bytes() > kEmptyList;
  if (facts_.content_started) facts_.output_characters = members_.counted_bytes() - kEmptyList;
  if (!members_.is_complete()) return;
  bool is_error = false;
  std::string incomplete_reason;
  Cursor cursor(members_.kept());
  cursor.object([&](std::string_view key) {
    if (key == "choices") return read_choices(cursor, facts_);
    is_error |= key == "error" && cursor.peek() != Kind::Null;
    read_response_member(cursor, key, facts_, incomplete_reason);
  });
  overwrite(facts_.stop_reason, std::move(incomplete_reason));
  if (is_error) keep_error(facts_, members_.kept());
  facts_.finished = !cursor.broken();
  facts_.usage.complete = facts_.usage.seen;
}

AnswerFacts read_json_answer(Endpoint endpoint, std::string_view body) {
  JsonReader reader(endpoint);
  reader.feed(body);
  return reader.facts();
}

}  // namespace tidegate::llm::openai
