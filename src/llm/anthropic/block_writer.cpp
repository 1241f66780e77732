// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/block_writer.h"

#include "llm/json/validity.h"
#include "llm/translated_names.h"

namespace tidegate::llm::anthropic {

namespace {

using json::Writer;

class BlockWriter {
 public:
  BlockWriter(Writer& writer, Losses& losses) : writer_(writer), losses_(losses) {}

  void write_parts(const std::vector<const Part*>& parts) {
    if (parts.size() == 1 && parts.front()->cache == CacheMark::None) {
      if (const auto* text = std::get_if<TextPart>(&parts.front()->content)) return writer_.text(text->text);
    }
    write_array(parts);
  }

  void write_array(const std::vector<const Part*>& parts) {
    writer_.begin_array();
    for (const Part* part : parts) {
      std::visit([&](const auto& content) { write_block(content, part->cache); }, part->content);
    }
    writer_.end_array();
  }

 private:
  void write_block(const TextPart& text, CacheMark cache) {
    writer_.begin_object();
    writer_.text_member("type", "text");
    writer_.text_member("text", text.text);
    end_block(cache);
  }

  void write_block(const ImagePart& image, CacheMark cache) {
    if (!image.detail.empty() && image.detail != "auto") losses_.add("image_url.detail", LossWeight::Hint);
    writer_.begin_object();
    writer_.text_member("type", "image");
    write_source(image.url, image.media_type, image.data);
    end_block(cache);
  }

  void write_block(const DocumentPart& document, CacheMark cache) {
    writer_.begin_object();
    writer_.text_member("type", "document");
    write_source(document.url, document.media_type, document.data);
    if (!document.name.empty()) writer_.text_member("title", document.name);
    end_block(cache);
  }

  void write_source(std::string_view url, std::string_view media_type, std::string_view data) {
    writer_.begin_object_member("source");
    if (!url.empty()) {
      writer_.text_member("type", "url");
      writer_.text_member("url", url);
    } else {
      writer_.text_member("type", "base64");
      writer_.text_member("media_type", media_type);
      writer_.text_member("data", data);
    }
    writer_.end_object();
  }

  void write_block(const ToolCallPart& call, CacheMark cache) {
    writer_.begin_object();
    writer_.text_member("type", "tool_use");
    writer_.text_member("id", plain_tool_call_id(call.id));
    writer_.text_member("name", call.name);
    writer_.raw_member("input", tool_input(call.arguments));
    end_block(cache);
  }

  void write_block(const ToolResultPart& result, CacheMark cache) {
    writer_.begin_object();
    writer_.text_member("type", "tool_result");
    writer_.text_member("tool_use_id", plain_tool_call_id(result.call_id));
    std::vector<const Part*> parts;
    for (const Part& part : result.content) {
      if (!is_empty_text(part)) parts.push_back(&part);
    }
    if (!parts.empty()) {
      writer_.key("content");
      write_parts(parts);
    }
    if (result.is_error) writer_.boolean_member("is_error", true);
    end_block(cache);
  }

  void write_block(const ReasoningPart& reasoning, CacheMark) {
    writer_.begin_object();
    if (!reasoning.redacted.empty()) {
      writer_.text_member("type", "redacted_thinking");
      writer_.text_member("data", reasoning.redacted);
    } else {
      writer_.text_member("type", "thinking");
      writer_.text_member("thinking", reasoning.text);
      writer_.text_member("signature", reasoning.signature);
    }
    writer_.end_object();
  }

  void end_block(CacheMark cache) {
    write_cache_mark(writer_, cache);
    writer_.end_object();
  }

  Writer& writer_;
  Losses& losses_;
};

}  // namespace

bool has_words(std::string_view text) { return text.find_first_not_of(" \t\r\n\f\v") != std::string_view::npos; }

bool is_empty_text(const Part& part) {
  const auto* text = std::get_if<TextPart>(&part.content);
  return text != nullptr && !has_words(text->text);
}

void write_cache_mark(Writer& writer, CacheMark mark) {
  if (mark == CacheMark::None) return;
  writer.raw_member("cache_control",
                    mark == CacheMark::OneHour ? R"({"type":"ephemeral","ttl":"1h"})" : R"({"type":"ephemeral"})");
}

std::string tool_input(std::string_view arguments) {
  if (arguments.find_first_not_of(" \t\r\n") == std::string_view::npos) return "{}";
  if (json::is_valid_object(arguments)) return std::string(arguments);
  std::string wrapped;
  Writer writer(wrapped);
  writer.begin_object();
  writer.text_member("INVALID_JSON", arguments);
  writer.end_object();
  return wrapped;
}

void write_blocks(Writer& writer, const std::vector<const Part*>& parts, Losses& losses) {
  BlockWriter(writer, losses).write_parts(parts);
}

void write_block_array(Writer& writer, const std::vector<const Part*>& parts, Losses& losses) {
  BlockWriter(writer, losses).write_array(parts);
}

}  // namespace tidegate::llm::anthropic
