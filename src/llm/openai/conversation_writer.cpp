// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/writer.h"
#include "llm/openai/conversation.h"
#include "llm/translated_names.h"

#include <algorithm>

namespace tidegate::llm::openai {

namespace {

using json::Writer;

constexpr LossWeight kHint = LossWeight::Hint;
constexpr LossWeight kMeaning = LossWeight::Meaning;
constexpr std::size_t kMostStopSequences = 4;
constexpr std::size_t kLongestUser = 64;
constexpr std::string_view kParagraph = "\n\n";

std::string call_id(std::string_view id) { return shortened(original_tool_call_id(id), kLongestToolCallId); }
std::string tool_name(std::string_view name) { return shortened(name, kLongestToolName); }

class ConversationWriter {
 public:
  ConversationWriter(const Conversation& conversation, const Quirks& quirks, Losses& losses)
      : c_(conversation), quirks_(quirks), losses_(losses), writer_(body_) {}

  std::string write(std::string_view model) {
    losses_.add_all(c_.unread);
    if (c_.cache != CacheMark::None) losses_.add("cache_control", kHint);
    writer_.begin_object();
    writer_.text_member("model", model);
    writer_.begin_array_member("messages");
    if (!c_.system.empty()) write_instructions(c_.system);
    for (const Message& message : c_.messages) write_message(message);
    writer_.end_array();
    write_max_tokens();
    write_tools();
    write_stop();
    write_sampling();
    write_stream();
    write_effort();
    write_response_format();
    write_user();
    write_service_tier();
    writer_.end_object();
    return std::move(body_);
  }

 private:
  // Messages

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

  void write_message(const Message& message) {
    switch (message.role) {
      case Role::System: return write_instructions(message.parts);
      case Role::User: return write_user_message(message);
      case Role::Assistant: return write_assistant(message);
    }
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

  [[nodiscard]] bool writes_mark(CacheMark mark) {
    if (mark == CacheMark::None) return false;
    if (!quirks_.cache_control) losses_.add("cache_control", kHint);
    return quirks_.cache_control;
  }

  void write_mark(CacheMark mark) {
    if (!writes_mark(mark)) return;
    writer_.raw_member("cache_control",
                       mark == CacheMark::OneHour ? R"({"type":"ephemeral","ttl":"1h"})" : R"({"type":"ephemeral"})");
  }

  /// A string where one will do, otherwise parts. `cache` is the whole content's mark and stands on the last part.
  void write_content(const std::vector<const Part*>& parts, CacheMark cache = CacheMark::None) {
    bool is_plain = !writes_mark(cache);
    bool is_text = true;
    for (const Part* part : parts) {
      if (writes_mark(part->cache)) is_plain = false;
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
    write_mark(mark);
    writer_.end_object();
  }

  void write_part(const ImagePart& image, CacheMark mark) {
    writer_.begin_object();
    writer_.text_member("type", "image_url");
    writer_.begin_object_member("image_url");
    writer_.text_member("url", image.url.empty() ? data_url(image.media_type, image.data) : image.url);
    if (!image.detail.empty()) writer_.text_member("detail", image.detail);
    writer_.end_object();
    write_mark(mark);
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
    write_mark(mark);
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

  // The rest

  void write_max_tokens() {
    if (!c_.max_tokens) return;
    std::int64_t most = *c_.max_tokens;
    if (quirks_.most_max_tokens && most > *quirks_.most_max_tokens) {
      losses_.add("max_tokens", kHint);
      most = *quirks_.most_max_tokens;
    }
    writer_.number_member(quirks_.max_tokens_field, most);
  }

  void write_tools() {
    if (c_.tools.empty()) return;
    writer_.begin_array_member("tools");
    for (const Tool& tool : c_.tools) {
      writer_.begin_object();
      writer_.text_member("type", "function");
      writer_.begin_object_member("function");
      writer_.text_member("name", tool_name(tool.name));
      if (!tool.description.empty()) writer_.text_member("description", tool.description);
      if (!tool.schema.empty()) writer_.raw_member("parameters", tool.schema);
      if (tool.strict == true) writer_.boolean_member("strict", true);
      writer_.end_object();
      write_mark(tool.cache);
      writer_.end_object();
    }
    writer_.end_array();
    write_tool_choice();
    if (c_.parallel_tool_calls != false) return;
    if (quirks_.parallel_tool_calls) {
      writer_.boolean_member("parallel_tool_calls", false);
    } else {
      losses_.add("tool_choice.disable_parallel_tool_use", kMeaning);
    }
  }

  void write_tool_choice() {
    switch (c_.tool_choice.kind) {
      case ToolChoice::Kind::Unsaid: return;
      case ToolChoice::Kind::Auto: return writer_.text_member("tool_choice", "auto");
      case ToolChoice::Kind::Any: return writer_.text_member("tool_choice", "required");
      case ToolChoice::Kind::None: return writer_.text_member("tool_choice", "none");
      case ToolChoice::Kind::Named: break;
    }
    writer_.begin_object_member("tool_choice");
    writer_.text_member("type", "function");
    writer_.begin_object_member("function");
    writer_.text_member("name", tool_name(c_.tool_choice.name));
    writer_.end_object();
    writer_.end_object();
  }

  void write_stop() {
    const auto& sequences = c_.stop_sequences;
    if (sequences.empty()) return;
    if (sequences.size() > kMostStopSequences) losses_.add("stop_sequences", kMeaning);
    writer_.begin_array_member("stop");
    for (std::size_t i = 0; i < std::min(sequences.size(), kMostStopSequences); ++i) writer_.text(sequences[i]);
    writer_.end_array();
  }

  void write_number(std::string_view name, const std::string& number, bool is_taken) {
    if (number.empty()) return;
    if (is_taken) {
      writer_.raw_member(name, number);
    } else {
      losses_.add(name, kMeaning);
    }
  }

  void write_sampling() {
    write_number("temperature", c_.temperature, quirks_.sampling);
    write_number("top_p", c_.top_p, quirks_.sampling);
    write_number("top_k", c_.top_k, quirks_.top_k);
  }

  void write_stream() {
    if (!c_.stream) return;
    writer_.boolean_member("stream", true);
    if (!c_.stream_usage || !quirks_.stream_options) return;
    writer_.begin_object_member("stream_options");
    writer_.boolean_member("include_usage", true);
    writer_.end_object();
  }

  /// What was asked as thinking is asked as effort. Models that know `none` are few, so that it goes without saying.
  void write_effort() {
    Effort effort = c_.effort;
    if (c_.thinking.kind == Thinking::Kind::Disabled) effort = Effort::None;
    if (c_.thinking.kind == Thinking::Kind::Budget && effort == Effort::Unsaid) {
      constexpr std::int64_t kMedium = 4096;
      constexpr std::int64_t kHigh = 16384;
      const std::int64_t budget = c_.thinking.budget_tokens;
      effort = budget < kMedium ? Effort::Low : budget < kHigh ? Effort::Medium : Effort::High;
    }
    if (effort == Effort::Unsaid || effort == Effort::None) return;
    if (quirks_.reasoning_effort == Quirks::ReasoningEffort::Omit) return losses_.add("output_config.effort", kHint);
    writer_.text_member("reasoning_effort", effort_word(effort));
  }

  std::string_view effort_word(Effort effort) {
    const bool knows_xhigh = quirks_.reasoning_effort == Quirks::ReasoningEffort::UpToXHigh;
    switch (effort) {
      case Effort::Unsaid:
      case Effort::None:
      case Effort::Low: return "low";
      case Effort::Medium: return "medium";
      case Effort::High: return "high";
      case Effort::XHigh:
      case Effort::Max: break;
    }
    if (!knows_xhigh || effort == Effort::Max) losses_.add("output_config.effort", kHint);
    return knows_xhigh ? "xhigh" : "high";
  }

  void write_response_format() {
    using Format = Quirks::ResponseFormat;
    if (c_.output_format.kind == OutputFormat::Kind::Text) return;
    const bool has_schema = c_.output_format.kind == OutputFormat::Kind::Schema;
    const bool writes_schema = has_schema && quirks_.response_format == Format::Schema;
    if (has_schema && !writes_schema) losses_.add("output_config.format", kMeaning);
    if (quirks_.response_format == Format::None) return;
    writer_.begin_object_member("response_format");
    writer_.text_member("type", writes_schema ? "json_schema" : "json_object");
    if (writes_schema) {
      writer_.begin_object_member("json_schema");
      writer_.text_member("name", c_.output_format.name.empty() ? "answer" : c_.output_format.name);
      writer_.raw_member("schema", c_.output_format.schema);
      if (c_.output_format.strict) writer_.boolean_member("strict", *c_.output_format.strict);
      writer_.end_object();
    }
    writer_.end_object();
  }

  /// Longer ones are refused there; Claude Code's is an object with a device's id, which is nobody else's business.
  void write_user() {
    if (c_.user_id.empty()) return;
    if (!quirks_.user || c_.user_id.size() > kLongestUser) return losses_.add("metadata.user_id", kHint);
    writer_.text_member("user", c_.user_id);
  }

  void write_service_tier() {
    if (c_.service_tier.empty() || c_.service_tier == "auto") return;
    if (c_.service_tier == "standard_only") {
      writer_.text_member("service_tier", "default");
    } else {
      losses_.add("service_tier", kHint);
    }
  }

  const Conversation& c_;
  const Quirks& quirks_;
  Losses& losses_;
  std::string body_;
  Writer writer_;
};

}  // namespace

std::string write_conversation(const Conversation& conversation, std::string_view model, const Quirks& quirks,
                               Losses& losses) {
  return ConversationWriter(conversation, quirks, losses).write(model);
}

}  // namespace tidegate::llm::openai
