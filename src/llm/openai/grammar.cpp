// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/grammar.h"

namespace tidegate::llm::openai {

namespace {

using json::Cursor;
using json::Kind;

constexpr std::size_t kLongestWord = 256;

}  // namespace

struct Grammar::Choice {
  std::int64_t index = 0;
  bool has_role = false;
  bool has_finish_reason = false;
};

void Grammar::require(bool holds, std::string_view otherwise) {
  if (!holds && violation_.empty()) violation_ = otherwise;
}

void Grammar::feed(std::string_view bytes) {
  scanner_.feed(bytes, [this](std::string_view event, std::string_view data) {
    require(event.empty(), "an event has a name, which this dialect does not know");
    if (violation_.empty()) take(data);
  });
}

void Grammar::end() { require(at_end_, "the stream ended without [DONE]"); }

void Grammar::take(std::string_view data) {
  require(!at_end_, "an event follows the end");
  if (data == "[DONE]") {
    require(has_finished_, "[DONE] comes before a finish_reason");
    at_end_ = true;
    return;
  }
  std::string id;
  std::string object;
  bool has_choices = false;
  bool has_usage = false;
  bool is_error = false;
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key == "id") {
      id = cursor.text(kLongestWord);
    } else if (key == "object") {
      object = cursor.text(kLongestWord);
    } else if (key == "choices") {
      has_choices = cursor.array([&] { take_choice(cursor); });
    } else if (key == "usage") {
      has_usage = cursor.peek() == Kind::Object;
    } else if (key == "error") {
      is_error = cursor.peek() != Kind::Null;
    }
  });
  require(cursor.at_end(), "an event is no JSON object");
  if (is_error) {
    at_end_ = true;
    return;
  }
  require(object == "chat.completion.chunk", "an event is no chat.completion.chunk");
  require(has_choices, "a chunk has no choices");
  require(!id.empty() && (id_.empty() || id == id_), "a chunk's id is missing or another than before");
  if (id_.empty()) id_ = id;
  if (!has_usage) return;
  require(has_finished_, "usage comes before the finish_reason");
  require(!has_usage_, "usage comes twice");
  has_usage_ = true;
}

void Grammar::take_choice(Cursor& cursor) {
  Choice choice;
  cursor.object([&](std::string_view key) {
    if (key == "index") {
      choice.index = cursor.integer().value_or(0);
    } else if (key == "delta") {
      read_delta(cursor, choice);
    } else if (key == "finish_reason") {
      choice.has_finish_reason = cursor.peek() == Kind::String;
    }
  });
  if (choice.index != 0) return;
  require(!has_finished_, "a delta follows the finish_reason");
  require(has_role_ || choice.has_role, "the first delta has no role");
  has_role_ = true;
  has_finished_ = choice.has_finish_reason;
}

void Grammar::read_delta(Cursor& cursor, Choice& choice) {
  cursor.object([&](std::string_view key) {
    if (key == "role") {
      choice.has_role = cursor.text(kLongestWord) == "assistant";
    } else if (key == "tool_calls") {
      cursor.array([&] { take_tool_call(cursor); });
    }
  });
}

void Grammar::take_tool_call(Cursor& cursor) {
  std::int64_t index = -1;
  bool has_id = false;
  bool has_name = false;
  cursor.object([&](std::string_view key) {
    if (key == "index") {
      index = cursor.integer().value_or(-1);
    } else if (key == "id") {
      has_id = !cursor.text(kLongestWord).empty();
    } else if (key == "function") {
      cursor.object([&](std::string_view inner) {
        if (inner == "name") has_name = !cursor.text(kLongestWord).empty();
      });
    }
  });
  require(index >= 0 && index <= calls_, "a tool call's index is missing or not the next one");
  if (index < calls_) {
    require(!has_id, "a tool call's id comes twice");
    return;
  }
  require(has_id && has_name, "a tool call starts without id or name");
  ++calls_;
}

}  // namespace tidegate::llm::openai
