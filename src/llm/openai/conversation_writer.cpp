// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/writer.h"
#include "llm/openai/conversation.h"
#include "llm/openai/message_writer.h"

#include <algorithm>

namespace tidegate::llm::openai {

namespace {

using json::Writer;

constexpr LossWeight kHint = LossWeight::Hint;
constexpr LossWeight kMeaning = LossWeight::Meaning;
constexpr std::size_t kMostStopSequences = 4;
constexpr std::size_t kLongestUser = 64;

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
    MessageWriter messages(writer_, quirks_, losses_);
    if (!c_.system.empty()) messages.write({Role::System, c_.system});
    for (const Message& message : c_.messages) messages.write(message);
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
      write_cache_mark(writer_, tool.cache, quirks_, losses_);
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
