// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/message_writer.h"

#include "llm/openai/conversation.h"
#include "llm/translated_names.h"

#include <variant>

namespace tidegate::llm::openai {

namespace {

using json::Writer;

constexpr LossWeight kHint = LossWeight::Hint;
constexpr LossWeight kMeaning = LossWeight::Meaning;
constexpr std::string_view kParagraph = "\n\n";

std::string call_id(std::string_view id) { return shortened(original_tool_call_id(id), kLongestToolCallId); }

bool writes_mark(CacheMark mark, const Quirks& quirks, Losses& losses) {
  if (mark == CacheMark::None) return false;
  if (!quirks.cache_control) losses.add("cache_control", kHint);
  return quirks.cache_control;
}

/// One message of a conversation, which may become several here.
class OneMessage {
 public:
  OneMessage(Writer& writer, const Quirks& quirks, Losses& losses)
      : writer_(writer), quirks_(quirks), losses_(losses) {}

  void write(const Message& message) {
    switch (message.role) {
      case Role::System: return write_instructions(message.parts);
      case Role::User: return write_user_message(message);
      case Role::Assistant: return write_assistant(message);
    }
  }

 private:
  void begin_message(std::string_view role) {
    writer_.begin_object();
    writer_.text_member("role", role);
  }

  void write_instructions(const std::vector<Part>& parts) {
    begin_message("system");
    write_content(pointers_to(parts));
    writer_.end_object();
  }

  static std::vector<const Part*> pointers_to(const std::vector<Part>& parts) {
    std::vector<const Part*> pointers;
    for (const Part& part : parts) pointers.push_back(&part);
    return pointers;
  }

  /// Results first, because they must follow the calls; a result's images cannot stand in a `tool` message and come
  /// with what the user says.
  void write_user_message(const Message& message) {
    std::vector<const Part*> rest;
    std::vector<Part> labels;
    labels.reserve(message.parts.size());  // `rest` points into it
    for (const Part& part : message.parts) {
      const auto* result = std::get_if<ToolResultPart>(&part.content);
      if (result == nullptr) continue;
      write_result(*result, part.cache);
      const std::size_t before = rest.size();
      for (const Part& inner : result->content) {
        if (!std::holds_alternative<TextPart>(inner.content)) rest.push_back(&inner);
      }
      if (rest.size() == before) continue;
      losses_.add("tool_result.image", kHint);  // its place
      labels.push_back({TextPart{"Content of tool result " + call_id(result->call_id) + ":"}});
      rest.insert(rest.begin() + static_cast<std::ptrdiff_t>(before), &labels.back());
    }
    for (const Part& part : message.parts) {
      if (!std::holds_alternative<ToolResultPart>(part.content)) rest.push_back(&part);
    }
    if (rest.empty() && !message.parts.empty()) return;
    begin_message("user");
    write_content(rest);
    writer_.end_object();
  }

  void write_result(const ToolResultPart& result, CacheMark cache) {
    if (result.is_error) losses_.add("tool_result.is_error", kHint);  // the text says it
    std::vector<const Part*> texts;
    for (const Part& inner : result.content) {
      if (std::holds_alternative<TextPart>(inner.content)) texts.push_back(&inner);
    }
    begin_message("tool");
    writer_.text_member("tool_call_id", call_id(result.call_id));
    if (texts.empty() && result.is_error) {
      writer_.text_member("content", "error");
    } else {
      write_content(texts, cache);
    }
    writer_.end_object();
  }

  /// A string where one will do, otherwise parts. `cache` is the whole content's mark and stands on the last part.
  void write_content(const std::vector<const Part*>& parts, CacheMark cache = CacheMark::None) {
    bool is_plain = !writes_mark(cache, quirks_, losses_);
    bool is_text = true;
    for (const Part* part : parts) {
      if (writes_mark(part->cache, quirks_, losses_)) is_plain = false;
      is_text = is_text && std::holds_alternative<TextPart>(part->content);
    }
    writer_.key("content");
    if (is_text && is_plain && (parts.size() <= 1 || !quirks_.content_parts))
      return writer_.text(joined(parts, kParagraph));
    writer_.begin_array();
    for (const Part* part : parts) {
      const CacheMark mark = cache != CacheMark::None && part == parts.back() ? cache : part->cache;
      std::visit([&](const auto& content) { write_part(content, mark); }, part->content);
    }
    writer_.end_array();
  }

  static std::string joined(const std::vector<const Part*>& parts, std::string_view separator) {
    std::string all;
    for (const Part* part : parts) {
      const auto* text = std::get_if<TextPart>(&part->content);
      if (text == nullptr) continue;
      if (!all.empty()) all += separator;
      all += text->text;
    }
    return all;
  }

  void write_part(const TextPart& text, CacheMark mark) {
    writer_.begin_object();
    writer_.text_member("type", "text");
    writer_.text_member("text", text.text);
    write_cache_mark(writer_, mark, quirks_, losses_);
    writer_.end_object();
  }

  void write_part(const ImagePart& image, CacheMark mark) {
    writer_.begin_object();
    writer_.text_member("type", "image_url");
    writer_.begin_object_member("image_url");
    writer_.text_member("url", image.url.empty() ? data_url(image.media_type, image.data) : image.url);
    if (!image.detail.empty()) writer_.text_member("detail", image.detail);
    writer_.end_object();
    write_cache_mark(writer_, mark, quirks_, losses_);
    writer_.end_object();
  }

  void write_part(const DocumentPart& document, CacheMark mark) {
    if (!document.url.empty()) return losses_.add("document.url", kMeaning);
    writer_.begin_object();
    writer_.text_member("type", "file");
    writer_.begin_object_member("file");
    writer_.text_member("filename", document.name.empty() ? "document.pdf" : document.name);
    writer_.text_member("file_data", data_url(document.media_type, document.data));
    writer_.end_object();
    write_cache_mark(writer_, mark, quirks_, losses_);
    writer_.end_object();
  }

  // In an answer's place only; a user says no such thing.
  void write_part(const ToolCallPart&, CacheMark) { losses_.add("content.tool_use", kMeaning); }
  void write_part(const ToolResultPart&, CacheMark) { losses_.add("content.tool_result", kMeaning); }
  void write_part(const ReasoningPart&, CacheMark) { losses_.add("content.thinking", kHint); }

  static std::string data_url(std::string_view media_type, std::string_view data) {
    std::string url = "data:";
    url.append(media_type).append(";base64,").append(data);
    return url;
  }

  void write_assistant(const Message& message) {
    std::vector<const ToolCallPart*> calls;
    std::string reasoning;
    for (const Part& part : message.parts) {
      if (part.cache != CacheMark::None) losses_.add("cache_control", kHint);
      if (const auto* call = std::get_if<ToolCallPart>(&part.content)) calls.push_back(call);
      if (const auto* thought = std::get_if<ReasoningPart>(&part.content)) reasoning += take_reasoning(*thought);
      if (std::holds_alternative<ImagePart>(part.content)) losses_.add("content.image", kMeaning);
      if (std::holds_alternative<DocumentPart>(part.content)) losses_.add("content.document", kMeaning);
    }
    begin_message("assistant");
    if (!reasoning.empty()) writer_.text_member(quirks_.reasoning_field, reasoning);
    // Without a separator, as an answer's texts follow each other in a stream.
    const std::string text = joined(pointers_to(message.parts), "");
    if (text.empty() && !calls.empty()) {
      writer_.null_member("content");
    } else {
      writer_.text_member("content", text);
    }
    if (!calls.empty()) write_calls(calls);
    writer_.end_object();
  }

  std::string take_reasoning(const ReasoningPart& thought) {
    if (!thought.signature.empty()) losses_.add("thinking.signature", kHint);
    if (!thought.redacted.empty()) losses_.add("redacted_thinking", kHint);
    if (quirks_.reasoning_field.empty()) {
      if (!thought.text.empty()) losses_.add("thinking", kHint);
      return {};
    }
    return thought.text;
  }

  void write_calls(const std::vector<const ToolCallPart*>& calls) {
    writer_.begin_array_member("tool_calls");
    for (const ToolCallPart* call : calls) {
      writer_.begin_object();
      writer_.text_member("id", call_id(call->id));
      writer_.text_member("type", "function");
      writer_.begin_object_member("function");
      writer_.text_member("name", tool_name(call->name));
      writer_.text_member("arguments", call->arguments.empty() ? "{}" : call->arguments);
      writer_.end_object();
      writer_.end_object();
    }
    writer_.end_array();
  }

  Writer& writer_;
  const Quirks& quirks_;
  Losses& losses_;
};

}  // namespace

std::string tool_name(std::string_view name) { return shortened(name, kLongestToolName); }

void write_cache_mark(Writer& writer, CacheMark mark, const Quirks& quirks, Losses& losses) {
  if (!writes_mark(mark, quirks, losses)) return;
  writer.raw_member("cache_control",
                    mark == CacheMark::OneHour ? R"({"type":"ephemeral","ttl":"1h"})" : R"({"type":"ephemeral"})");
}

void MessageWriter::write(const Message& message) { OneMessage(writer_, quirks_, losses_).write(message); }

}  // namespace tidegate::llm::openai
