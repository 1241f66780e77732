// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/answer.h"

#include "base/ascii.h"
#include "llm/anthropic/errors.h"
#include "llm/anthropic/usage.h"
#include "llm/json/cursor.h"
#include "llm/json/text_scan.h"

#include <array>
#include <optional>
#include <utility>

namespace tidegate::llm::anthropic {

namespace {

using json::Cursor;

constexpr std::size_t kLongestId = 256;

void overwrite(std::string& word, std::string read) {
  if (!read.empty()) word = std::move(read);
}

std::string read_container(Cursor& cursor) {
  std::string id;
  cursor.object([&](std::string_view key) {
    if (key == "id") id = cursor.text(kLongestId);
  });
  return id;
}

/// A member of a message, in `message_start` as in a JSON answer.
void read_message_member(Cursor& cursor, std::string_view key, AnswerFacts& facts) {
  if (key == "id") {
    overwrite(facts.id, cursor.text(kLongestId));
  } else if (key == "model") {
    overwrite(facts.model, cursor.text(kLongestId));
  } else if (key == "stop_reason") {
    overwrite(facts.stop_reason, cursor.text(kLongestId));
  } else if (key == "container") {
    overwrite(facts.container, read_container(cursor));
  } else if (key == "usage") {
    read_usage(cursor, facts.usage);
  }
}

/// Any delta, in whatever order its members come.
std::int64_t delta_length_by_cursor(std::string_view data) {
  std::int64_t length = 0;
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key != "delta") return;
    cursor.object([&](std::string_view inner) {
      if (inner == "type" || inner == "signature") return;
      if (cursor.peek() != json::Kind::String) return;
      length += static_cast<std::int64_t>(cursor.raw_string().value_or("").size());
    });
  });
  return length;
}

/// How much of what stands behind a delta's index comes before the model's text; 0 if it is none of the usual ones.
std::size_t begin_of_text(std::string_view data) {
  static constexpr char kText[] = R"(,"delta":{"type":"text_delta","text":")";
  static constexpr char kJson[] = R"(,"delta":{"type":"input_json_delta","partial_json":")";
  static constexpr char kThinking[] = R"(,"delta":{"type":"thinking_delta","thinking":")";
  if (begins_with(data, kText)) return sizeof kText - 1;
  if (begins_with(data, kJson)) return sizeof kJson - 1;
  return begins_with(data, kThinking) ? sizeof kThinking - 1 : 0;
}

/// A delta as the API writes it, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"…"}}`.
/// Nothing if it looks otherwise.
std::optional<std::int64_t> delta_length_by_shape(std::string_view data) {
  static constexpr char kBegin[] = R"({"type":"content_block_delta","index":)";
  if (!begins_with(data, kBegin)) return std::nullopt;
  data.remove_prefix(sizeof kBegin - 1);
  while (!data.empty() && data.front() >= '0' && data.front() <= '9') data.remove_prefix(1);
  const std::size_t begin = begin_of_text(data);
  const std::size_t end = begin == 0 ? std::string_view::npos : json::find_string_end(data, begin);
  if (end == std::string_view::npos) return std::nullopt;
  return static_cast<std::int64_t>(end - begin);
}

/// For a relay that leaves the `event:` lines out.
std::string type_of(std::string_view data) {
  std::string type;
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key == "type") type = cursor.text(kLongestId);
  });
  return type;
}

constexpr std::size_t kLongestMember = 256 * 1024;
constexpr std::int64_t kEmptyList = 2;  ///< bytes of a `content` without anything in it
constexpr std::array<json::MemberFilter::Wanted, 7> kAnswerMembers{{{"type", kLongestId},
                                                                    {"id", kLongestId},
                                                                    {"model", kLongestId},
                                                                    {"stop_reason", kLongestId},
                                                                    {"container", kLongestMember},
                                                                    {"usage", kLongestMember},
                                                                    {"error", kLongestMember}}};

}  // namespace

void StreamReader::feed(std::string_view bytes) {
  scanner_.feed(bytes, [this](std::string_view event, std::string_view data) { take(event, data); });
}

void StreamReader::take(std::string_view event, std::string_view data) {
  if (event.size() == 19 && begins_with(event, "content_block_delta")) {  // most of a stream
    facts_.content_started = true;
    const auto length = delta_length_by_shape(data);
    facts_.output_characters += length ? *length : delta_length_by_cursor(data);
    if (marks_state_ && !length) take_signature(data);
  } else if (event == "message_start") {
    take_message_start(data);
  } else if (event == "content_block_start") {
    take_block_start(data);
  } else if (event == "message_delta") {
    take_message_delta(data);
  } else if (event == "message_stop") {
    facts_.finished = true;
  } else if (event == "error") {
    take_error(data);
  } else if (event.empty()) {
    if (const std::string type = type_of(data); !type.empty()) take(type, data);
  }
}

void StreamReader::take_message_start(std::string_view data) {
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key != "message") return;
    cursor.object([&](std::string_view inner) { read_message_member(cursor, inner, facts_); });
  });
}

/// Of a `signature_delta`; other deltas have none.
void StreamReader::take_signature(std::string_view data) {
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key != "delta") return;
    cursor.object([&](std::string_view inner) {
      if (inner != "signature") return;
      const std::string_view part = cursor.raw_string().value_or(std::string_view{});
      if (part.empty()) return;
      const bool goes_on = signature_.value() != 0;
      signature_.add(part);
      if (goes_on) facts_.state_marks.back() = signature_.value();
      else json::keep_state_mark(facts_.state_marks, signature_.value());
    });
  });
}

/// A `fallback` block names the model that goes on answering, and is the only place in mid-stream that does.
void StreamReader::take_block_start(std::string_view data) {
  std::string type;
  std::string model;
  signature_ = {};
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key != "content_block") return;
    cursor.object([&](std::string_view inner) {
      if (inner == "type") {
        type = cursor.text(kLongestId);
      } else if (marks_state_ && json::is_state_member(inner)) {  // redacted thinking
        json::keep_state_mark(facts_.state_marks, json::state_mark(cursor.raw_string().value_or(std::string_view{})));
      } else if (inner == "to") {
        cursor.object([&](std::string_view field) {
          if (field == "model") model = cursor.text(kLongestId);
        });
      }
    });
  });
  if (type == "fallback") {
    overwrite(facts_.model, std::move(model));
  } else {
    facts_.content_started = true;
  }
}

void StreamReader::take_message_delta(std::string_view data) {
  if (marks_state_) json::StateScanner().feed(data, facts_.state_marks);  // a refusal's fallback credit
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key == "delta") {
      cursor.object([&](std::string_view inner) { read_message_member(cursor, inner, facts_); });
    } else if (key == "usage") {
      if (cursor.peek() == json::Kind::Object) facts_.usage.complete = true;
      read_usage(cursor, facts_.usage);
    }
  });
}

void StreamReader::take_error(std::string_view data) {
  facts_.error = read_error(200, data);
  facts_.error.kind = UpstreamErrorKind::MidStream;
}

JsonReader::JsonReader(bool marks_state) : members_(kAnswerMembers, "content"), marks_state_(marks_state) {}

/// An answer that is there as a whole, as most small ones are: read where it lies. False: it is not, or it is not as
/// expected, and nothing was read of it.
bool JsonReader::take_whole(std::string_view bytes) {
  if (!bytes.ends_with('}') && !bytes.ends_with('\n')) return false;
  std::int64_t content = 0;
  bool as_expected = true;
  Cursor cursor(bytes);
  const bool closed = cursor.object([&](std::string_view key) {
    if (key == "content") {
      content += cursor.skip_compact();
      return;
    }
    const std::size_t begin = cursor.begin_of_value();
    as_expected &= key != "error";
    read_message_member(cursor, key, facts_);
    // A longer value counts as none there (kAnswerMembers); such an answer goes the long way.
    as_expected &= cursor.end_of_value() - begin <= kLongestId || key == "usage";
  });
  if (!closed || cursor.broken() || !as_expected) {
    facts_ = {};
    return false;
  }
  facts_.content_started = content > kEmptyList;
  if (facts_.content_started) facts_.output_characters = content - kEmptyList;
  facts_.finished = true;
  facts_.usage.complete = facts_.usage.seen;
  return true;
}

void JsonReader::feed(std::string_view bytes) {
  if (done_ || members_.is_complete()) return;
  read(bytes);
  if (marks_state_) state_.feed(bytes, facts_.state_marks);
}

void JsonReader::read(std::string_view bytes) {
  if (!std::exchange(begun_, true)) {
    done_ = take_whole(bytes);
    if (done_) return;
  }
  members_.feed(bytes);
  // Also of an answer that will break off: what was produced is charged, and then this is all there is to estimate it
  // by.
  facts_.content_started = members_.counted_bytes() > kEmptyList;
  if (facts_.content_started) facts_.output_characters = members_.counted_bytes() - kEmptyList;
  if (!members_.is_complete()) return;
  bool is_error = false;
  Cursor cursor(members_.kept());
  cursor.object([&](std::string_view key) {
    is_error |= key == "error" && cursor.peek() != json::Kind::Null;
    read_message_member(cursor, key, facts_);
  });
  if (is_error) {
    facts_.error = read_error(200, members_.kept());
    facts_.error.kind = UpstreamErrorKind::MidStream;
  }
  facts_.finished = !cursor.broken();
  facts_.usage.complete = facts_.usage.seen;
}

AnswerFacts read_json_answer(std::string_view body) {
  JsonReader reader;
  reader.feed(body);
  return reader.facts();
}

}  // namespace tidegate::llm::anthropic
