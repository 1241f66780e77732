// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/validity.h"
#include "llm/openai/conversation.h"
#include "llm/openai/message_reader.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tidegate::llm::openai {

namespace {

using json::Cursor;
using json::Kind;
using json::raw_value;

constexpr LossWeight kHint = LossWeight::Hint;
constexpr LossWeight kMeaning = LossWeight::Meaning;

/// Fields without which the same question is asked.
constexpr std::array kHintFields{"seed",       "store",  "metadata",   "prompt_cache_key", "prompt_cache_retention",
                                 "prediction", "models", "transforms", "provider",         "route",
                                 "usage"};
/// Fields that say nothing with this value. Of everything else the provider's default is null.
struct Default {
  std::string_view field;
  std::string_view value;
};
constexpr std::array kDefaults{Default{"n", "1"},
                               Default{"store", "false"},
                               Default{"logprobs", "false"},
                               Default{"presence_penalty", "0"},
                               Default{"presence_penalty", "0.0"},
                               Default{"frequency_penalty", "0"},
                               Default{"frequency_penalty", "0.0"},
                               Default{"logit_bias", "{}"},
                               Default{"metadata", "{}"},
                               Default{"modalities", "[\"text\"]"}};

Effort effort_of(std::string_view word) {
  if (word == "none") return Effort::None;
  if (word == "minimal" || word == "low") return Effort::Low;
  if (word == "medium") return Effort::Medium;
  if (word == "high") return Effort::High;
  if (word == "xhigh") return Effort::XHigh;
  if (word == "max") return Effort::Max;
  return Effort::Unsaid;
}

class ConversationReader {
 public:
  explicit ConversationReader(std::string_view body) : body_(body) {}

  Result<Conversation> read() {
    if (!json::is_valid_object(body_)) return refuse("the request body is no JSON object");
    Cursor cursor(body_);
    cursor.object([&](std::string_view key) { read_member(cursor, key); });
    if (has_functions_) {
      return fail(FailureKind::Unsupported, Origin::Client,
                  "`functions` is the older form, which is not translated; use `tools`");
    }
    if (!has_messages_) return refuse("`messages` is missing or no array");
    if (!trouble_.empty()) return refuse(trouble_);
    if (!max_completion_tokens_) max_completion_tokens_ = max_tokens_;
    conversation_.max_tokens = max_completion_tokens_;
    keep_allowed_tools();
    return std::move(conversation_);
  }

 private:
  static tl::unexpected<Failure> refuse(std::string why) {
    return fail(FailureKind::InvalidInput, Origin::Client, std::move(why));
  }

  void read_member(Cursor& cursor, std::string_view key) {
    Conversation& c = conversation_;
    if (key == "model") {
      c.model = cursor.text();
    } else if (key == "messages") {
      read_messages(cursor);
    } else if (key == "max_tokens") {
      max_tokens_ = cursor.integer();
    } else if (key == "max_completion_tokens") {
      max_completion_tokens_ = cursor.integer();
    } else if (key == "temperature") {
      c.temperature = read_number(cursor);
    } else if (key == "top_p") {
      c.top_p = read_number(cursor);
    } else if (key == "top_k") {
      c.top_k = read_number(cursor);
    } else if (key == "stop") {
      read_stop(cursor);
    } else if (key == "stream") {
      c.stream = cursor.boolean().value_or(false);
    } else if (key == "stream_options") {
      cursor.object([&](std::string_view inner) {
        if (inner == "include_usage") c.stream_usage = cursor.boolean().value_or(false);
      });
    } else if (key == "tools") {
      c.tools.clear();
      cursor.array([&] { read_tool(cursor); });
    } else if (key == "tool_choice") {
      read_tool_choice(cursor);
    } else if (key == "parallel_tool_calls") {
      c.parallel_tool_calls = cursor.boolean();
    } else if (key == "response_format") {
      read_response_format(cursor);
    } else if (key == "reasoning_effort") {
      read_effort(cursor);
    } else if (key == "reasoning" || key == "thinking") {
      read_thinking(cursor);
    } else if (key == "user" || key == "safety_identifier") {
      std::string user = cursor.text();
      if (!user.empty()) c.user_id = std::move(user);
    } else if (key == "service_tier") {
      c.service_tier = cursor.text();
    } else if (key == "cache_control") {
      c.cache = read_cache_mark(cursor);
    } else if (key == "functions") {
      has_functions_ = cursor.peek() == Kind::Array;
    } else {
      note_unknown(cursor, key);
    }
  }

  std::string read_number(Cursor& cursor) {
    if (cursor.peek() == Kind::Number) return std::string(raw_value(cursor, body_));
    cursor.skip();
    return {};
  }

  void read_messages(Cursor& cursor) {
    conversation_.messages.clear();
    conversation_.system.clear();
    MessageReader reader(body_, conversation_);
    has_messages_ = cursor.array([&] { reader.read(cursor); });
    trouble_ = reader.trouble();
  }

  void note_unknown(Cursor& cursor, std::string_view key) {
    const std::string name(key);
    const std::string value = json::compact(raw_value(cursor, body_));
    const auto is_said = [&](const Default& known) { return known.field == name && known.value == value; };
    if (value == "null" || std::any_of(kDefaults.begin(), kDefaults.end(), is_said)) return;
    const bool is_hint = std::find(kHintFields.begin(), kHintFields.end(), name) != kHintFields.end();
    conversation_.unread.add(name, is_hint ? kHint : kMeaning);
  }

  void read_stop(Cursor& cursor) {
    auto& stop = conversation_.stop_sequences;
    stop.clear();
    if (cursor.peek() == Kind::String) {
      stop.push_back(cursor.text());
    } else {
      cursor.array([&] { stop.push_back(cursor.text()); });
    }
  }

  void read_tool(Cursor& cursor) {
    Tool tool;
    std::string type;
    cursor.object([&](std::string_view key) {
      if (key == "type") {
        type = cursor.text();
      } else if (key == "function") {
        cursor.object([&](std::string_view inner) { read_function_member(cursor, inner, tool); });
      } else if (key == "cache_control") {
        tool.cache = read_cache_mark(cursor);
      }
    });
    if (type.empty() || type == "function") {
      conversation_.tools.push_back(std::move(tool));
    } else {
      conversation_.unread.add("tools", type, kMeaning);
    }
  }

  void read_function_member(Cursor& cursor, std::string_view key, Tool& tool) {
    if (key == "name") {
      tool.name = cursor.text();
    } else if (key == "description") {
      tool.description = cursor.text();
    } else if (key == "parameters") {
      if (cursor.peek() == Kind::Object) tool.schema = std::string(raw_value(cursor, body_));
    } else if (key == "strict") {
      tool.strict = cursor.boolean();
    } else if (key == "cache_control") {
      tool.cache = read_cache_mark(cursor);
    }
  }

  void read_tool_choice(Cursor& cursor) {
    using Choice = ToolChoice::Kind;
    ToolChoice choice;
    if (cursor.peek() == Kind::String) {
      choice.kind = choice_of(cursor.text());
    } else {
      cursor.object([&](std::string_view key) {
        if (key == "type") {
          if (cursor.text() == "function") choice.kind = Choice::Named;
        } else if (key == "function") {
          choice.name = read_name(cursor);
        } else if (key == "allowed_tools") {
          read_allowed_tools(cursor, choice);
        }
      });
    }
    conversation_.tool_choice = std::move(choice);
  }

  ToolChoice::Kind choice_of(std::string_view word) {
    if (word == "auto") return ToolChoice::Kind::Auto;
    if (word == "required" || word == "any") return ToolChoice::Kind::Any;
    if (word == "none") return ToolChoice::Kind::None;
    conversation_.unread.add("tool_choice", kMeaning);
    return ToolChoice::Kind::Unsaid;
  }

  static std::string read_name(Cursor& cursor) {
    std::string name;
    cursor.object([&](std::string_view key) {
      if (key == "name") name = cursor.text();
    });
    return name;
  }

  void read_allowed_tools(Cursor& cursor, ToolChoice& choice) {
    cursor.object([&](std::string_view key) {
      if (key == "mode") {
        choice.kind = choice_of(cursor.text());
      } else if (key == "tools") {
        limits_tools_ = cursor.array([&] {
          cursor.object([&](std::string_view inner) {
            if (inner == "function") allowed_tools_.push_back(read_name(cursor));
          });
        });
      }
    });
  }

  /// To allow only some tools is to offer only those.
  void keep_allowed_tools() {
    if (!limits_tools_) return;
    std::erase_if(conversation_.tools, [&](const Tool& tool) {
      return std::find(allowed_tools_.begin(), allowed_tools_.end(), tool.name) == allowed_tools_.end();
    });
  }

  void read_response_format(Cursor& cursor) {
    OutputFormat format;
    std::string type;
    cursor.object([&](std::string_view key) {
      if (key == "type") {
        type = cursor.text();
      } else if (key == "json_schema") {
        cursor.object([&](std::string_view inner) {
          if (inner == "name") format.name = cursor.text();
          if (inner == "schema") format.schema = std::string(raw_value(cursor, body_));
          if (inner == "strict") format.strict = cursor.boolean();
        });
      }
    });
    if (type.empty() || type == "text") return;
    const bool has_schema = type == "json_schema" && !format.schema.empty();
    if (!has_schema && type != "json_object") return conversation_.unread.add("response_format", kMeaning);
    format.kind = has_schema ? OutputFormat::Kind::Schema : OutputFormat::Kind::Object;
    conversation_.output_format = std::move(format);
  }

  void read_effort(Cursor& cursor) {
    if (cursor.peek() == Kind::Null) return;
    const Effort effort = effort_of(cursor.text());
    if (effort == Effort::Unsaid) return conversation_.unread.add("reasoning_effort", kHint);
    conversation_.effort = effort;
  }

  /// OpenRouter's `reasoning: {effort, max_tokens, enabled}`, and Anthropic's `thinking`, which relays take here too.
  void read_thinking(Cursor& cursor) {
    Thinking& thinking = conversation_.thinking;
    cursor.object([&](std::string_view key) {
      if (key == "effort") {
        read_effort(cursor);
      } else if (key == "max_tokens" || key == "budget_tokens") {
        const auto budget = cursor.integer();
        if (!budget) return;
        thinking = {Thinking::Kind::Budget, *budget};
      } else if (key == "enabled") {
        if (cursor.boolean() == false) thinking.kind = Thinking::Kind::Disabled;
      } else if (key == "type") {
        const std::string type = cursor.text();
        if (type == "disabled") thinking.kind = Thinking::Kind::Disabled;
        if (type == "adaptive") thinking.kind = Thinking::Kind::Adaptive;
        if (type == "enabled" && thinking.kind == Thinking::Kind::Unsaid) thinking.kind = Thinking::Kind::Adaptive;
      }
    });
  }

  std::string_view body_;
  Conversation conversation_;
  std::string trouble_;
  std::optional<std::int64_t> max_tokens_;
  std::optional<std::int64_t> max_completion_tokens_;
  std::vector<std::string> allowed_tools_;
  bool limits_tools_ = false;
  bool has_messages_ = false;
  bool has_functions_ = false;
};

}  // namespace

Result<Conversation> read_conversation(std::string_view body) { return ConversationReader(body).read(); }

}  // namespace tidegate::llm::openai
