// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/request.h"

#include "llm/json/cursor.h"
#include "llm/json/state_mark.h"

#include <algorithm>
#include <utility>

namespace tidegate::llm::openai {

namespace {

using json::Cursor;
using json::Kind;

/// Names and ids are kept to this many bytes: far above any real one, and a bound on what a client can make us hold.
constexpr std::size_t kLongestId = 512;
constexpr std::size_t kLongestUser = 256;
/// Shorter data counts like text: an icon of 4 KB is about as many tokens either way.
constexpr std::size_t kSmallestAttachment = 4096;
/// How deep content is followed into itself; the API has two levels (message → part → file).
constexpr int kDeepestContent = 6;

/// What one of `messages`, `input`, `tools` holds. Kept apart until the end, because a repeated member replaces the
/// earlier one.
struct ContentFacts {
  std::int32_t cache_markers = 0;
  std::string file;
  std::string container;
  std::string_view encrypted_reasoning;  ///< the last one
  std::int64_t attachments = 0;
  std::int64_t attachment_bytes = 0;
};

void keep_first(std::string& kept, std::string found) {
  if (kept.empty()) kept = std::move(found);
}

bool read_marker(Cursor& cursor) {
  const bool is_marker = cursor.peek() == Kind::Object;
  cursor.skip();
  return is_marker;
}

/// An id, or an object that has one.
std::string read_id_or_object(Cursor& cursor) {
  if (cursor.peek() != Kind::Object) return cursor.text(kLongestId);
  std::string id;
  cursor.object([&](std::string_view key) {
    if (key == "id") id = cursor.text(kLongestId);
  });
  return id;
}

void read_attachment(Cursor& cursor, ContentFacts& facts, bool is_document = false) {
  const auto raw = cursor.raw_string();
  if (!raw || raw->size() < kSmallestAttachment) return;
  facts.attachments += is_document ? 0 : 1;
  facts.attachment_bytes += static_cast<std::int64_t>(is_document ? raw->size() / 2 : raw->size());
}

/// `"data:…"`, or `{"url":"data:…"}` in chat.
void read_image(Cursor& cursor, ContentFacts& facts) {
  if (cursor.peek() != Kind::Object) return read_attachment(cursor, facts);
  cursor.object([&](std::string_view key) {
    if (key == "url") read_attachment(cursor, facts);
  });
}

void read_content(Cursor& cursor, ContentFacts& facts, int depth);

/// A message, a content part or a Responses item: each has only its own of these members. Arguments and outputs of tool
/// calls are strings and not looked into.
void read_item(Cursor& cursor, ContentFacts& facts, int depth) {
  cursor.object([&](std::string_view key) {
    if (key == "content" || key == "output") {
      read_content(cursor, facts, depth + 1);
    } else if (key == "cache_control") {
      facts.cache_markers += read_marker(cursor) ? 1 : 0;
    } else if (key == "encrypted_content") {  // a reasoning item
      const std::string_view reasoning = cursor.raw_string().value_or(std::string_view{});
      if (!reasoning.empty()) facts.encrypted_reasoning = reasoning;
    } else if (key == "file_id") {  // input_file, input_image
      keep_first(facts.file, cursor.text(kLongestId));
    } else if (key == "image_url") {
      read_image(cursor, facts);
    } else if (key == "file_data") {  // input_file
      read_attachment(cursor, facts, true);
    } else if (key == "data") {  // inside input_audio
      read_attachment(cursor, facts);
    } else if (key == "file" || key == "input_audio") {  // chat: {"type":"file","file":{"file_id":…}}
      read_content(cursor, facts, depth + 1);
    }
  });
}

/// A string, an item, or a list of items.
void read_content(Cursor& cursor, ContentFacts& facts, int depth) {
  if (depth > kDeepestContent) return cursor.skip();
  if (cursor.peek() == Kind::Object) return read_item(cursor, facts, depth);
  cursor.array([&] { read_item(cursor, facts, depth); });
}

ContentFacts read_whole_content(Cursor& cursor) {
  ContentFacts facts;
  read_content(cursor, facts, 0);
  return facts;
}

/// A code interpreter may name a container, a file search names vector stores: both live with one organisation.
ContentFacts read_tools(Cursor& cursor, bool& has_tools) {
  ContentFacts facts;
  has_tools = false;
  cursor.array([&] {
    has_tools = true;
    cursor.object([&](std::string_view key) {
      if (key == "container") {
        if (cursor.peek() == Kind::String) facts.container = cursor.text(kLongestId);
      } else if (key == "vector_store_ids") {
        cursor.array([&] { keep_first(facts.file, cursor.text(kLongestId)); });
      } else if (key == "cache_control") {
        facts.cache_markers += read_marker(cursor) ? 1 : 0;
      }
    });
  });
  return facts;
}

void read_stream_options(Cursor& cursor, RequestView& view) {
  const std::size_t begin = cursor.begin_of_value();
  view.wants_stream_usage = false;
  cursor.object([&](std::string_view key) {
    if (key == "include_usage") view.wants_stream_usage = cursor.boolean().value_or(false);
  });
  view.stream_options_range = {begin, cursor.end_of_value() - begin};
}

void read_model(Cursor& cursor, RequestView& view) {
  const std::size_t begin = cursor.begin_of_value();
  const bool is_string = cursor.peek() == Kind::String;
  view.model = cursor.text();
  view.model_range = is_string ? ByteRange{begin, cursor.end_of_value() - begin} : ByteRange{};
}

}  // namespace

RequestView read_request(Endpoint endpoint, std::string_view body) {
  const std::string_view content_member = endpoint == Endpoint::ChatCompletions ? "messages"
                                          : endpoint == Endpoint::Responses     ? "input"
                                                                                : "";
  RequestView view;
  ContentFacts content;
  ContentFacts tools;
  std::string user;
  std::string safety_identifier;
  std::optional<std::int64_t> max_tokens;             // chat, deprecated by the next
  std::optional<std::int64_t> max_completion_tokens;  // chat
  std::optional<std::int64_t> answers;                // chat
  std::optional<std::int64_t> max_output_tokens;      // responses
  Cursor cursor(body);
  const std::size_t brace = cursor.begin_of_value();
  view.is_empty_object = true;
  const bool is_object = cursor.object([&](std::string_view key) {
    view.is_empty_object = false;
    if (key == "model") {
      read_model(cursor, view);
    } else if (key == content_member) {
      content = read_whole_content(cursor);
    } else if (key == "tools") {
      const std::size_t begin = cursor.begin_of_value();
      tools = read_tools(cursor, view.has_tools);
      view.tools_range = {begin, cursor.end_of_value() - begin};
    } else if (key == "temperature") {
      view.temperature_is_zero = cursor.is_zero();
    } else if (key == "stream") {
      view.stream = cursor.boolean().value_or(false);
    } else if (key == "stream_options") {
      read_stream_options(cursor, view);
    } else if (key == "max_completion_tokens") {
      max_completion_tokens = cursor.integer();
    } else if (key == "n") {
      answers = cursor.integer();
    } else if (key == "max_tokens") {
      max_tokens = cursor.integer();
    } else if (key == "max_output_tokens") {
      max_output_tokens = cursor.integer();
    } else if (key == "safety_identifier") {
      safety_identifier = cursor.text(kLongestUser);
    } else if (key == "user") {
      user = cursor.text(kLongestUser);
    } else if (key == "service_tier") {
      view.service_tier = cursor.text(kLongestId);
    } else if (key == "previous_response_id") {
      view.ties.previous_response_id = cursor.text(kLongestId);
    } else if (key == "conversation") {
      view.ties.conversation = read_id_or_object(cursor);
    }
  });
  if (!is_object || !cursor.at_end()) {
    RequestView unreadable;
    unreadable.body_bytes = static_cast<std::int64_t>(body.size());
    return unreadable;
  }
  view.readable = true;
  view.body_bytes = static_cast<std::int64_t>(body.size());
  view.first_member = brace + 1;
  view.max_tokens = max_completion_tokens ? max_completion_tokens : max_output_tokens ? max_output_tokens : max_tokens;
  if (view.max_tokens && *view.max_tokens < 0) view.max_tokens.reset();
  constexpr std::int64_t kMostAnswers = 1'000;  // the provider refuses more
  view.answers = std::clamp<std::int64_t>(answers.value_or(1), 1, kMostAnswers);
  view.user = safety_identifier.empty() ? std::move(user) : std::move(safety_identifier);
  view.cache_markers = content.cache_markers + tools.cache_markers;
  view.attachments = content.attachments;
  view.attachment_bytes = content.attachment_bytes;
  view.ties.file = content.file.empty() ? std::move(tools.file) : std::move(content.file);
  view.ties.container = std::move(tools.container);
  view.ties.thinking_mark = json::state_mark(content.encrypted_reasoning);
  return view;
}

}  // namespace tidegate::llm::openai
