// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/grammar.h"

#include "llm/json/cursor.h"

#include <array>

namespace tidegate::llm::anthropic {

namespace {

using json::Cursor;

constexpr std::size_t kLongestWord = 64;

/// Which deltas a block takes; a type that is not here takes any.
struct BlockDelta {
  std::string_view block;
  std::string_view delta;
};
constexpr std::array kDeltas{BlockDelta{"text", "text_delta"},
                             BlockDelta{"text", "citations_delta"},
                             BlockDelta{"thinking", "thinking_delta"},
                             BlockDelta{"thinking", "signature_delta"},
                             BlockDelta{"tool_use", "input_json_delta"},
                             BlockDelta{"server_tool_use", "input_json_delta"},
                             BlockDelta{"mcp_tool_use", "input_json_delta"},
                             BlockDelta{"compaction", "compaction_delta"}};

bool may_stand_in(std::string_view delta, std::string_view block) {
  bool is_known = false;
  for (const BlockDelta& known : kDeltas) {
    if (known.block != block) continue;
    if (known.delta == delta) return true;
    is_known = true;
  }
  return !is_known && block != "redacted_thinking";
}

/// What the rules look at in an event, whatever its type.
struct Shape {
  std::string type;
  std::int64_t index = -1;
  std::string inner_type;  ///< of `content_block` or `delta`
  std::string role;
  bool has_usage = false;
  bool has_stop_reason = false;
  bool has_name = false;
  bool has_id = false;
  bool is_json = false;
};

Shape shape_of(std::string_view data) {
  Shape shape;
  Cursor cursor(data);
  cursor.object([&](std::string_view key) {
    if (key == "type") {
      shape.type = cursor.text(kLongestWord);
    } else if (key == "index") {
      shape.index = cursor.integer().value_or(-1);
    } else if (key == "usage") {
      shape.has_usage = cursor.peek() == json::Kind::Object;
    } else if (key == "content_block" || key == "delta" || key == "message") {
      const bool is_message = key == "message";
      cursor.object([&](std::string_view inner) {
        if (inner == "type") {
          shape.inner_type = cursor.text(kLongestWord);
        } else if (inner == "role") {
          shape.role = cursor.text(kLongestWord);
        } else if (inner == "id") {
          shape.has_id = !cursor.text(kLongestWord).empty();
        } else if (inner == "name") {
          shape.has_name = !cursor.text(kLongestWord).empty();
        } else if (inner == "stop_reason") {
          shape.has_stop_reason = cursor.peek() == json::Kind::String;
        } else if (inner == "usage" && is_message) {
          shape.has_usage = cursor.peek() == json::Kind::Object;
        }
      });
    }
  });
  shape.is_json = cursor.at_end();
  return shape;
}

}  // namespace

void Grammar::require(bool holds, std::string_view otherwise) {
  if (!holds && violation_.empty()) violation_ = otherwise;
}

void Grammar::feed(std::string_view bytes) {
  scanner_.feed(bytes, [this](std::string_view event, std::string_view data) { take(event, data); });
}

void Grammar::end() { require(place_ == Place::AtEnd, "the stream ended without message_stop"); }

void Grammar::take(std::string_view event, std::string_view data) {
  if (!violation_.empty()) return;
  require(!event.empty(), "an event has no name, and clients drop those");
  require(place_ != Place::AtEnd, "an event follows the end");
  if (event == "message_start") return take_start(data);
  if (event == "content_block_start") return take_block_start(data);
  if (event == "content_block_delta") return take_delta(data);
  if (event == "content_block_stop") return take_block_stop(data);
  if (event == "message_delta") return take_message_delta(data);
  if (event == "error") {
    place_ = Place::AtEnd;
  } else if (event == "message_stop") {
    require(place_ == Place::AfterDelta, "message_stop comes before message_delta");
    require(has_stop_reason_, "message_stop comes without a stop_reason before it");
    place_ = Place::AtEnd;
  } else if (event != "ping") {
    require(place_ != Place::BeforeStart, "the first event is not message_start");
  }
}

void Grammar::take_start(std::string_view data) {
  const Shape shape = shape_of(data);
  require(shape.is_json && shape.type == "message_start", "an event's data is no JSON object of its own type");
  require(place_ == Place::BeforeStart, "message_start comes twice");
  require(shape.has_id, "message_start has no message id");
  require(shape.role == "assistant", "message_start's role is not assistant");
  require(shape.has_usage, "message_start has no usage");
  place_ = Place::BetweenBlocks;
}

void Grammar::take_block_start(std::string_view data) {
  const Shape shape = shape_of(data);
  require(shape.is_json && shape.type == "content_block_start", "an event's data is no JSON object of its own type");
  require(place_ != Place::BeforeStart, "the first event is not message_start");
  require(place_ != Place::InBlock, "a block starts before the one before it stops");
  require(place_ != Place::AfterDelta, "a block follows message_delta");
  require(shape.index == blocks_, "a block's index is not the next one");
  const bool is_call = shape.inner_type == "tool_use";
  require(!is_call || (shape.has_id && shape.has_name), "a tool_use block has no id or no name");
  block_type_ = shape.inner_type;
  place_ = Place::InBlock;
  ++blocks_;
}

void Grammar::take_delta(std::string_view data) {
  const Shape shape = shape_of(data);
  require(shape.is_json && shape.type == "content_block_delta", "an event's data is no JSON object of its own type");
  require(place_ == Place::InBlock, "a delta comes outside of a block");
  require(shape.index == blocks_ - 1, "a delta's index is not that of the open block");
  require(may_stand_in(shape.inner_type, block_type_), "a delta is of another type than its block");
}

void Grammar::take_block_stop(std::string_view data) {
  const Shape shape = shape_of(data);
  require(shape.is_json && shape.type == "content_block_stop", "an event's data is no JSON object of its own type");
  require(place_ == Place::InBlock, "content_block_stop comes without a block");
  require(shape.index == blocks_ - 1, "content_block_stop's index is not that of the open block");
  place_ = Place::BetweenBlocks;
}

void Grammar::take_message_delta(std::string_view data) {
  const Shape shape = shape_of(data);
  require(shape.is_json && shape.type == "message_delta", "an event's data is no JSON object of its own type");
  require(place_ == Place::BetweenBlocks || place_ == Place::AfterDelta,
          "message_delta comes before the start or inside a block");
  require(shape.has_usage, "message_delta has no usage");
  has_stop_reason_ |= shape.has_stop_reason;
  place_ = Place::AfterDelta;
}

}  // namespace tidegate::llm::anthropic
