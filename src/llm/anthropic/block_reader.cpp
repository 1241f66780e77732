// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/block_reader.h"

#include "llm/anthropic/conversation.h"
#include "llm/json/validity.h"

#include <utility>

namespace tidegate::llm::anthropic {

namespace {

using json::Cursor;
using json::Kind;
using json::raw_value;

constexpr LossWeight kHint = LossWeight::Hint;
constexpr LossWeight kMeaning = LossWeight::Meaning;

/// A content block's members, which may stand in any order: `type` says only at the end which of them count.
struct Block {
  std::string type;
  std::string text;  ///< `text`, `thinking`
  std::string signature;
  std::string data;  ///< of redacted thinking
  std::string id;    ///< `id`, `tool_use_id`
  std::string name;  ///< `name`, `title`
  std::string_view input;
  std::string_view content;
  std::string_view source;
  bool is_error = false;
  bool has_citations = false;
  CacheMark cache = CacheMark::None;
};

struct Source {
  std::string type;
  std::string media_type;
  std::string data;
  std::string url;
  std::string_view content;
};

class BlockReader {
 public:
  explicit BlockReader(Losses& losses) : losses_(losses) {}

  /// A string or an array of blocks, with a cursor over `text`.
  std::vector<Part> read_content(Cursor& cursor, std::string_view text) {
    std::vector<Part> parts;
    if (cursor.peek() == Kind::String) {
      parts.push_back({TextPart{cursor.text()}});
      return parts;
    }
    cursor.array([&] { take_block(read_block(cursor, text), parts); });
    return parts;
  }

 private:
  Block read_block(Cursor& cursor, std::string_view text) {
    Block block;
    cursor.object([&](std::string_view key) {
      if (key == "type") {
        block.type = cursor.text();
      } else if (key == "text" || key == "thinking") {
        block.text = cursor.text();
      } else if (key == "signature") {
        block.signature = cursor.text();
      } else if (key == "data") {
        block.data = cursor.text();
      } else if (key == "id" || key == "tool_use_id") {
        block.id = cursor.text();
      } else if (key == "name" || key == "title") {
        block.name = cursor.text();
      } else if (key == "input") {
        block.input = raw_value(cursor, text);
      } else if (key == "content") {
        block.content = raw_value(cursor, text);
      } else if (key == "source") {
        block.source = raw_value(cursor, text);
      } else if (key == "is_error") {
        block.is_error = cursor.boolean().value_or(false);
      } else if (key == "citations") {
        // A list behind an answer's text; `{"enabled":true}` on a document.
        const std::string_view value = raw_value(cursor, text);
        block.has_citations =
            value.size() > 2 && (value.front() == '[' || value.find("true") != std::string_view::npos);
      } else if (key == "cache_control") {
        block.cache = read_cache_mark(cursor);
      }
    });
    return block;
  }

  void take_block(Block block, std::vector<Part>& parts) {
    if (block.has_citations) losses_.add("citations", kHint);
    if (block.type == "text") {
      parts.push_back({TextPart{std::move(block.text)}, block.cache});
    } else if (block.type == "image") {
      take_image(block, parts);
    } else if (block.type == "document") {
      take_document(block, parts);
    } else if (block.type == "tool_use") {
      parts.push_back(
          {ToolCallPart{std::move(block.id), std::move(block.name), std::string(block.input)}, block.cache});
    } else if (block.type == "tool_result") {
      parts.push_back({ToolResultPart{std::move(block.id), read_inner(block.content), block.is_error}, block.cache});
    } else if (block.type == "thinking") {
      // Ours is no secret of any provider, so it goes on as plain reasoning.
      if (block.signature == kForeignSignature) block.signature.clear();
      parts.push_back({ReasoningPart{std::move(block.text), std::move(block.signature), {}}});
    } else if (block.type == "redacted_thinking") {
      parts.push_back({ReasoningPart{{}, {}, std::move(block.data)}});
    } else if (block.type == "search_result") {
      losses_.add("search_result.source", kHint);
      append(read_inner(block.content), block.cache, parts);
    } else {
      losses_.add("content", block.type, kMeaning);
    }
  }

  std::vector<Part> read_inner(std::string_view content) {
    Cursor cursor(content);
    return content.empty() ? std::vector<Part>{} : read_content(cursor, content);
  }

  static void append(std::vector<Part> inner, CacheMark cache, std::vector<Part>& parts) {
    if (inner.empty()) return;
    if (cache != CacheMark::None) inner.back().cache = cache;
    for (Part& part : inner) parts.push_back(std::move(part));
  }

  static Source read_source(std::string_view text) {
    Source source;
    Cursor cursor(text);
    cursor.object([&](std::string_view key) {
      if (key == "type") {
        source.type = cursor.text();
      } else if (key == "media_type") {
        source.media_type = cursor.text();
      } else if (key == "data") {
        source.data = cursor.text();
      } else if (key == "url") {
        source.url = cursor.text();
      } else if (key == "content") {
        source.content = raw_value(cursor, text);
      }
    });
    return source;
  }

  void take_image(const Block& block, std::vector<Part>& parts) {
    Source source = read_source(block.source);
    if (source.type == "base64" || source.type == "url") {
      parts.push_back(
          {ImagePart{std::move(source.url), std::move(source.media_type), std::move(source.data), {}}, block.cache});
    } else {
      losses_.add("image", source.type, kMeaning);
    }
  }

  void take_document(const Block& block, std::vector<Part>& parts) {
    Source source = read_source(block.source);
    if (source.type == "text") {
      parts.push_back({TextPart{std::move(source.data)}, block.cache});
    } else if (source.type == "content") {
      append(read_inner(source.content), block.cache, parts);
    } else if (source.type == "base64" || source.type == "url") {
      parts.push_back(
          {DocumentPart{std::move(source.url), std::move(source.media_type), std::move(source.data), block.name},
           block.cache});
    } else {
      losses_.add("document", source.type, kMeaning);
    }
  }

  Losses& losses_;
};

}  // namespace

CacheMark read_cache_mark(Cursor& cursor) {
  CacheMark mark = CacheMark::None;
  if (cursor.peek() == Kind::Object) mark = CacheMark::FiveMinutes;
  cursor.object([&](std::string_view key) {
    if (key == "ttl" && cursor.text() == "1h") mark = CacheMark::OneHour;
  });
  return mark;
}

std::vector<Part> read_blocks(Cursor& cursor, std::string_view text, Losses& losses) {
  return BlockReader(losses).read_content(cursor, text);
}

}  // namespace tidegate::llm::anthropic
