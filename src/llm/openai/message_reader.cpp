// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/message_reader.h"

#include "llm/json/validity.h"

#include <map>
#include <utility>

namespace tidegate::llm::openai {

namespace {

using json::Cursor;
using json::Kind;

constexpr LossWeight kHint = LossWeight::Hint;
constexpr LossWeight kMeaning = LossWeight::Meaning;

/// `data:image/png;base64,AAAA`
struct DataUrl {
  std::string media_type;
  std::string data;
};

bool read_data_url(std::string_view url, DataUrl& read) {
  if (!url.starts_with("data:")) return false;
  const std::size_t comma = url.find(',');
  if (comma == std::string_view::npos) return false;
  std::string_view head = url.substr(5, comma - 5);
  if (!head.ends_with(";base64")) return false;
  head = head.substr(0, head.find(';'));
  read = {std::string(head), std::string(url.substr(comma + 1))};
  return true;
}

/// A content part's members, which may stand in any order.
struct ContentPart {
  std::string type;
  std::string text;  ///< `text`, `refusal`
  std::string url;
  std::string detail;
  std::string file_data;
  std::string file_id;
  std::string filename;
  CacheMark cache = CacheMark::None;
};

ContentPart read_content_part(Cursor& cursor) {
  ContentPart part;
  cursor.object([&](std::string_view key) {
    if (key == "type") {
      part.type = cursor.text();
    } else if (key == "text" || key == "refusal") {
      part.text = cursor.text();
    } else if (key == "image_url") {
      if (cursor.peek() == Kind::String) {
        part.url = cursor.text();
        return;
      }
      cursor.object([&](std::string_view inner) {
        if (inner == "url") part.url = cursor.text();
        if (inner == "detail") part.detail = cursor.text();
      });
    } else if (key == "file") {
      cursor.object([&](std::string_view inner) {
        if (inner == "file_data") part.file_data = cursor.text();
        if (inner == "file_id") part.file_id = cursor.text();
        if (inner == "filename") part.filename = cursor.text();
      });
    } else if (key == "cache_control") {
      part.cache = read_cache_mark(cursor);
    }
  });
  return part;
}

}  // namespace

/// A message's members, which may stand in any order.
struct MessageReader::Fields {
  std::string role;
  std::vector<Part> content;
  std::string refusal;
  std::string call_id;
  std::vector<Part> calls;
  std::string reasoning;
  std::vector<ReasoningPart> reasoning_details;
  CacheMark cache = CacheMark::None;
};

CacheMark read_cache_mark(Cursor& cursor) {
  CacheMark mark = cursor.peek() == Kind::Object ? CacheMark::FiveMinutes : CacheMark::None;
  cursor.object([&](std::string_view key) {
    if (key == "ttl" && cursor.text() == "1h") mark = CacheMark::OneHour;
  });
  return mark;
}

std::vector<ReasoningPart> read_reasoning_details(Cursor& cursor) {
  std::map<std::int64_t, ReasoningPart> by_index;  // a client may send the pieces of a stream back as they came
  std::int64_t next = 0;
  cursor.array([&] {
    ReasoningPart piece;
    std::int64_t index = next;
    cursor.object([&](std::string_view key) {
      if (key == "index") index = cursor.integer().value_or(index);
      if (key == "text") piece.text = cursor.text();
      if (key == "signature") piece.signature = cursor.text();
      if (key == "data") piece.redacted = cursor.text();
    });
    next = index + 1;
    ReasoningPart& whole = by_index[index];
    whole.text += piece.text;
    whole.signature += piece.signature;
    whole.redacted += piece.redacted;
  });
  std::vector<ReasoningPart> parts;
  for (auto& [index, part] : by_index) parts.push_back(std::move(part));
  return parts;
}

void MessageReader::read(Cursor& cursor) {
  Fields fields;
  cursor.object([&](std::string_view key) { read_field(cursor, key, fields); });
  if (fields.cache != CacheMark::None && !fields.content.empty()) fields.content.back().cache = fields.cache;
  take(std::move(fields));
}

std::vector<Part> MessageReader::read_answer(Cursor& cursor) {
  Fields fields;
  cursor.object([&](std::string_view key) { read_field(cursor, key, fields); });
  return assistant_parts(std::move(fields));
}

void MessageReader::read_field(Cursor& cursor, std::string_view key, Fields& fields) {
  if (key == "role") {
    fields.role = cursor.text();
  } else if (key == "content") {
    fields.content = read_content(cursor);
  } else if (key == "refusal") {
    fields.refusal = cursor.text();
  } else if (key == "tool_call_id") {
    fields.call_id = cursor.text();
  } else if (key == "tool_calls") {
    cursor.array([&] { fields.calls.push_back(read_tool_call(cursor)); });
  } else if (key == "reasoning_content" || key == "reasoning") {
    std::string text = cursor.text();
    if (!text.empty()) fields.reasoning = std::move(text);
  } else if (key == "reasoning_details") {
    fields.reasoning_details = read_reasoning_details(cursor);
  } else if (key == "cache_control") {
    fields.cache = read_cache_mark(cursor);
  } else if (cursor.peek() != Kind::Null) {
    if (key == "function_call") trouble_ = "a message has `function_call`, the older form; use `tool_calls`";
    const bool is_content = key == "audio";
    const bool is_empty = cursor.peek() == Kind::Array && key == "annotations";
    if (!is_empty) conversation_.unread.add("messages", key, is_content ? kMeaning : kHint);
  }
}

void MessageReader::take(Fields fields) {
  if (fields.role == "user") return take_user(std::move(fields));
  if (fields.role == "assistant") {
    conversation_.messages.push_back({Role::Assistant, assistant_parts(std::move(fields))});
    results_are_open_ = false;
    return;
  }
  if (fields.role == "tool") return take_tool_result(std::move(fields));
  if (fields.role == "system" || fields.role == "developer") return take_instructions(std::move(fields));
  trouble_ = fields.role == "function" ? "a message has the role `function`, the older form; use `tool`"
                                       : "a message's `role` is none of system, developer, user, assistant and tool";
}

void MessageReader::take_instructions(Fields fields) {
  auto& system = conversation_.system;
  if (conversation_.messages.empty()) {
    for (Part& part : fields.content) system.push_back(std::move(part));
    return;
  }
  conversation_.messages.push_back({Role::System, std::move(fields.content)});
  results_are_open_ = false;
}

void MessageReader::take_user(Fields fields) {
  if (results_are_open_) {
    auto& parts = conversation_.messages.back().parts;
    for (Part& part : fields.content) parts.push_back(std::move(part));
  } else {
    conversation_.messages.push_back({Role::User, std::move(fields.content)});
  }
  results_are_open_ = false;
}

void MessageReader::take_tool_result(Fields fields) {
  if (fields.call_id.empty()) {
    trouble_ = "a `tool` message has no `tool_call_id`";
    return;
  }
  CacheMark cache = CacheMark::None;
  for (Part& part : fields.content) {
    if (part.cache != CacheMark::None) cache = std::exchange(part.cache, CacheMark::None);
  }
  if (!results_are_open_) conversation_.messages.push_back({Role::User, {}});
  results_are_open_ = true;
  conversation_.messages.back().parts.push_back(
      {ToolResultPart{std::move(fields.call_id), std::move(fields.content), false}, cache});
}

std::vector<Part> MessageReader::assistant_parts(Fields fields) {
  std::vector<Part> parts;
  auto& details = fields.reasoning_details;
  // A client that joins a stream's pieces has the text in one field and the signature in the other.
  if (details.size() == 1 && details.front().text.empty()) details.front().text = fields.reasoning;
  if (details.empty() && !fields.reasoning.empty()) details.push_back({fields.reasoning, {}, {}});
  for (ReasoningPart& reasoning : details) parts.push_back({std::move(reasoning)});
  for (Part& part : fields.content) parts.push_back(std::move(part));
  if (!fields.refusal.empty()) parts.push_back({TextPart{std::move(fields.refusal)}});
  for (Part& call : fields.calls) parts.push_back(std::move(call));
  return parts;
}

std::vector<Part> MessageReader::read_content(Cursor& cursor) {
  std::vector<Part> parts;
  if (cursor.peek() == Kind::String) {
    parts.push_back({TextPart{cursor.text()}});
    return parts;
  }
  cursor.array([&] { read_part(cursor, parts); });
  return parts;
}

void MessageReader::read_part(Cursor& cursor, std::vector<Part>& parts) {
  ContentPart part = read_content_part(cursor);
  DataUrl data;
  if (part.type == "text" || part.type == "refusal") {
    parts.push_back({TextPart{std::move(part.text)}, part.cache});
  } else if (part.type == "image_url") {
    if (read_data_url(part.url, data)) {
      parts.push_back(
          {ImagePart{{}, std::move(data.media_type), std::move(data.data), std::move(part.detail)}, part.cache});
    } else if (part.url.starts_with("http")) {
      parts.push_back({ImagePart{std::move(part.url), {}, {}, std::move(part.detail)}, part.cache});
    } else {
      trouble_ = "an `image_url` is neither an https URL nor a base64 data URL";
    }
  } else if (part.type == "file" && read_data_url(part.file_data, data)) {
    parts.push_back(
        {DocumentPart{{}, std::move(data.media_type), std::move(data.data), std::move(part.filename)}, part.cache});
  } else if (part.type == "file") {
    conversation_.unread.add(part.file_id.empty() ? "file.file_data" : "file.file_id", kMeaning);
  } else {
    conversation_.unread.add("content", part.type, kMeaning);
  }
}

Part MessageReader::read_tool_call(Cursor& cursor) {
  ToolCallPart call;
  std::string type = "function";
  cursor.object([&](std::string_view key) {
    if (key == "id") {
      call.id = cursor.text();
    } else if (key == "type") {
      type = cursor.text();
    } else if (key == "function") {
      cursor.object([&](std::string_view inner) {
        if (inner == "name") call.name = cursor.text();
        if (inner != "arguments") return;
        call.arguments = cursor.peek() == Kind::String ? cursor.text() : std::string(json::raw_value(cursor, body_));
      });
    }
  });
  if (type != "function") conversation_.unread.add("tool_calls", type, kMeaning);
  return {std::move(call)};
}

}  // namespace tidegate::llm::openai
