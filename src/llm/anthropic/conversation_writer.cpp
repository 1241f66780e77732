// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/block_writer.h"
#include "llm/anthropic/conversation.h"
#include "llm/json/writer.h"

#include <algorithm>
#include <cstdlib>

namespace tidegate::llm::anthropic {

namespace {

using json::Writer;

constexpr LossWeight kHint = LossWeight::Hint;
constexpr LossWeight kMeaning = LossWeight::Meaning;
constexpr std::int64_t kLeastBudget = 1024;

std::string_view effort_word(Effort effort) {
  switch (effort) {
    case Effort::Unsaid:
    case Effort::None: return {};
    case Effort::Low: return "low";
    case Effort::Medium: return "medium";
    case Effort::High: return "high";
    case Effort::XHigh: return "xhigh";
    case Effort::Max: return "max";
  }
  return {};
}

/// For models that know no effort.
std::int64_t budget_of(Effort effort) {
  switch (effort) {
    case Effort::Unsaid:
    case Effort::None:
    case Effort::Low: return 2048;
    case Effort::Medium: return 8192;
    case Effort::High: return 16384;
    case Effort::XHigh:
    case Effort::Max: return 24576;
  }
  return kLeastBudget;
}

class ConversationWriter {
 public:
  ConversationWriter(const Conversation& conversation, const Quirks& quirks, Losses& losses)
      : c_(conversation), quirks_(quirks), losses_(losses), writer_(body_) {
    max_tokens_ = c_.max_tokens.value_or(quirks.default_max_tokens);
    if (quirks.most_max_tokens && max_tokens_ > *quirks.most_max_tokens) {
      if (c_.max_tokens) losses_.add("max_tokens", kHint);
      max_tokens_ = *quirks.most_max_tokens;
    }
  }

  std::string write(std::string_view model) {
    losses_.add_all(c_.unread);
    decide_thinking();
    writer_.begin_object();
    writer_.text_member("model", model);
    writer_.number_member("max_tokens", max_tokens_);
    write_system();
    write_messages();
    write_tools();
    write_stop_sequences();
    write_sampling();
    if (c_.stream) writer_.boolean_member("stream", true);
    write_thinking();
    write_output_config();
    if (!c_.user_id.empty()) {
      writer_.begin_object_member("metadata");
      writer_.text_member("user_id", c_.user_id);
      writer_.end_object();
    }
    write_service_tier();
    write_cache_mark(writer_, c_.cache);
    writer_.end_object();
    return std::move(body_);
  }

 private:
  // Thinking

  [[nodiscard]] bool forces_a_tool() const {
    return c_.tool_choice.kind == ToolChoice::Kind::Any || c_.tool_choice.kind == ToolChoice::Kind::Named;
  }

  /// A budget demands the signed thinking of the tool loop that is under way, which most clients do not keep.
  [[nodiscard]] bool lacks_signed_thinking() const {
    const auto is_signed = [](const Part& part) {
      const auto* reasoning = std::get_if<ReasoningPart>(&part.content);
      return reasoning != nullptr && !(reasoning->signature.empty() && reasoning->redacted.empty());
    };
    const auto is_call = [](const Part& part) { return std::holds_alternative<ToolCallPart>(part.content); };
    for (auto message = c_.messages.rbegin(); message != c_.messages.rend(); ++message) {
      if (message->role != Role::Assistant) continue;
      const auto& parts = message->parts;
      return std::any_of(parts.begin(), parts.end(), is_call) && std::none_of(parts.begin(), parts.end(), is_signed);
    }
    return false;
  }

  void decide_thinking() {
    using Kind = Thinking::Kind;
    thinking_ = c_.thinking;
    if (thinking_.kind == Kind::Unsaid && c_.effort != Effort::Unsaid) {
      thinking_.kind = c_.effort == Effort::None ? Kind::Disabled : Kind::Adaptive;
    }
    const bool wants_thinking = thinking_.kind == Kind::Adaptive || thinking_.kind == Kind::Budget;
    if (!wants_thinking) return;
    if (quirks_.thinking == Quirks::Thinking::Adaptive) thinking_.kind = Kind::Adaptive;
    if (quirks_.thinking == Quirks::Thinking::Budget) {
      // Half is left for the answer.
      if (thinking_.kind == Kind::Adaptive) thinking_.budget_tokens = std::min(budget_of(c_.effort), max_tokens_ / 2);
      thinking_.kind = Kind::Budget;
      thinking_.budget_tokens = std::min(thinking_.budget_tokens, max_tokens_ - 1);
    }
    const bool is_impossible =
        quirks_.thinking == Quirks::Thinking::None || forces_a_tool() ||
        (thinking_.kind == Kind::Budget && (thinking_.budget_tokens < kLeastBudget || lacks_signed_thinking()));
    if (!is_impossible) return;
    thinking_ = Thinking{};
    losses_.add("reasoning_effort", kHint);
  }

  [[nodiscard]] bool thinks() const {
    return thinking_.kind == Thinking::Kind::Adaptive || thinking_.kind == Thinking::Kind::Budget;
  }

  void write_thinking() {
    if (thinking_.kind == Thinking::Kind::Unsaid) return;
    writer_.begin_object_member("thinking");
    switch (thinking_.kind) {
      case Thinking::Kind::Unsaid: break;
      case Thinking::Kind::Disabled: writer_.text_member("type", "disabled"); break;
      case Thinking::Kind::Adaptive: writer_.text_member("type", "adaptive"); break;
      case Thinking::Kind::Budget:
        writer_.text_member("type", "enabled");
        writer_.number_member("budget_tokens", thinking_.budget_tokens);
        break;
    }
    writer_.end_object();
  }

  void write_output_config() {
    const bool has_schema = c_.output_format.kind == OutputFormat::Kind::Schema && quirks_.json_schema;
    if (c_.output_format.kind != OutputFormat::Kind::Text && !has_schema) losses_.add("response_format", kMeaning);
    const std::string_view effort =
        quirks_.thinking == Quirks::Thinking::Adaptive ? effort_word(c_.effort) : std::string_view{};
    if (effort.empty() && !has_schema) return;
    writer_.begin_object_member("output_config");
    if (!effort.empty()) writer_.text_member("effort", effort);
    if (has_schema) {
      writer_.begin_object_member("format");
      writer_.text_member("type", "json_schema");
      writer_.raw_member("schema", c_.output_format.schema);
      writer_.end_object();
    }
    writer_.end_object();
  }

  // Messages

  void write_system() {
    std::vector<const Part*> parts;
    for (const Part& part : c_.system) {
      if (!is_empty_text(part)) parts.push_back(&part);
    }
    for (std::size_t i = 0; i < c_.messages.size(); ++i) {
      if (c_.messages[i].role != Role::System || stays_in_place(i)) continue;
      losses_.add("messages.system", kHint);  // its place among the messages
      for (const Part& part : c_.messages[i].parts) {
        if (!is_empty_text(part)) parts.push_back(&part);
      }
    }
    // A conversation needs a message, and here the instructions are the question.
    const bool asks_by_system =
        std::none_of(c_.messages.begin(), c_.messages.end(), [](const Message& m) { return m.role != Role::System; });
    if (asks_by_system && !parts.empty()) {
      question_ = parts.back();
      parts.pop_back();
      losses_.add("messages.system", kHint);
    }
    if (parts.empty()) return;
    writer_.key("system");
    write_blocks(writer_, parts, losses_);
  }

  [[nodiscard]] bool stays_in_place(std::size_t i) const {
    return quirks_.system_messages && i > 0 && c_.messages[i - 1].role == Role::User;
  }

  void write_messages() {
    writer_.begin_array_member("messages");
    for (std::size_t i = 0; i < c_.messages.size(); ++i) {
      const Message& message = c_.messages[i];
      if (message.role == Role::System && !stays_in_place(i)) continue;
      std::vector<const Part*> parts;
      for (const Part& part : message.parts) {
        if (is_written(part)) parts.push_back(&part);
      }
      if (parts.empty()) continue;  // refused otherwise
      write_message(message.role, parts);
    }
    if (question_ != nullptr) write_message(Role::User, {question_});
    writer_.end_array();
  }

  bool is_written(const Part& part) {
    if (is_empty_text(part)) return false;
    const auto* reasoning = std::get_if<ReasoningPart>(&part.content);
    if (reasoning == nullptr || !reasoning->signature.empty() || !reasoning->redacted.empty()) return true;
    losses_.add("reasoning_content", kHint);  // unsigned thinking is refused
    return false;
  }

  void write_message(Role role, const std::vector<const Part*>& parts) {
    writer_.begin_object();
    writer_.text_member("role", role == Role::User ? "user" : role == Role::Assistant ? "assistant" : "system");
    writer_.key("content");
    write_blocks(writer_, parts, losses_);
    writer_.end_object();
  }

  // The rest

  void write_tools() {
    if (c_.tools.empty()) return;
    writer_.begin_array_member("tools");
    for (const Tool& tool : c_.tools) {
      writer_.begin_object();
      writer_.text_member("name", tool.name);
      if (!tool.description.empty()) writer_.text_member("description", tool.description);
      writer_.raw_member("input_schema", tool.schema.empty() ? R"({"type":"object","properties":{}})" : tool.schema);
      if (tool.strict == true) writer_.boolean_member("strict", true);
      write_cache_mark(writer_, tool.cache);
      writer_.end_object();
    }
    writer_.end_array();
    write_tool_choice();
  }

  void write_tool_choice() {
    using Kind = ToolChoice::Kind;
    const bool one_at_a_time = c_.parallel_tool_calls == false && c_.tool_choice.kind != Kind::None;
    if (c_.tool_choice.kind == Kind::Unsaid && !one_at_a_time) return;
    writer_.begin_object_member("tool_choice");
    switch (c_.tool_choice.kind) {
      case Kind::Unsaid:
      case Kind::Auto: writer_.text_member("type", "auto"); break;
      case Kind::Any: writer_.text_member("type", "any"); break;
      case Kind::None: writer_.text_member("type", "none"); break;
      case Kind::Named:
        writer_.text_member("type", "tool");
        writer_.text_member("name", c_.tool_choice.name);
        break;
    }
    if (one_at_a_time) writer_.boolean_member("disable_parallel_tool_use", true);
    writer_.end_object();
  }

  void write_stop_sequences() {
    std::vector<std::string_view> sequences;
    for (const std::string& sequence : c_.stop_sequences) {
      if (has_words(sequence)) {
        sequences.push_back(sequence);
      } else {
        losses_.add("stop", kMeaning);  // refused if it is only blanks
      }
    }
    if (sequences.empty()) return;
    writer_.begin_array_member("stop_sequences");
    for (const std::string_view sequence : sequences) writer_.text(sequence);
    writer_.end_array();
  }

  /// Thinking allows no sampling, one of `temperature` and `top_p` excludes the other, and 1 says what goes without
  /// saying.
  void write_sampling() {
    const auto is_one = [](const std::string& number) { return std::strtod(number.c_str(), nullptr) == 1.0; };
    std::string temperature = is_one(c_.temperature) ? "" : c_.temperature;
    std::string top_p = is_one(c_.top_p) ? "" : c_.top_p;
    std::string top_k = c_.top_k;
    const auto lose = [&](std::string& number, std::string_view name) {
      if (!number.empty()) losses_.add(name, kMeaning);
      number.clear();
    };
    if (!quirks_.sampling || quirks_.version >= "2026-10-21" || thinks()) {
      lose(temperature, "temperature");
      lose(top_p, "top_p");
      lose(top_k, "top_k");
    }
    if (std::strtod(temperature.c_str(), nullptr) > 1.0) {
      losses_.add("temperature", kMeaning);  // reaches to 2 in the other dialect
      temperature = "1";
    }
    if (!temperature.empty()) lose(top_p, "top_p");
    if (!temperature.empty()) writer_.raw_member("temperature", temperature);
    if (!top_p.empty()) writer_.raw_member("top_p", top_p);
    if (!top_k.empty()) writer_.raw_member("top_k", top_k);
  }

  void write_service_tier() {
    if (c_.service_tier.empty() || c_.service_tier == "auto") return;
    if (c_.service_tier == "default" || c_.service_tier == "standard_only") {
      writer_.text_member("service_tier", "standard_only");
    } else {
      losses_.add("service_tier", kHint);
    }
  }

  const Conversation& c_;
  const Quirks& quirks_;
  Losses& losses_;
  std::string body_;
  Writer writer_;
  std::int64_t max_tokens_;
  Thinking thinking_;
  const Part* question_ = nullptr;
};

}  // namespace

std::string write_conversation(const Conversation& conversation, std::string_view model, const Quirks& quirks,
                               Losses& losses) {
  return ConversationWriter(conversation, quirks, losses).write(model);
}

}  // namespace tidegate::llm::anthropic
