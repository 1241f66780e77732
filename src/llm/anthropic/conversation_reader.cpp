// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/block_reader.h"
#include "llm/anthropic/conversation.h"
#include "llm/json/validity.h"

#include <array>
#include <utility>

namespace tidegate::llm::anthropic {

namespace {

using json::Cursor;
using json::Kind;
using json::raw_value;

constexpr LossWeight kHint = LossWeight::Hint;
constexpr LossWeight kMeaning = LossWeight::Meaning;

/// Fields without which the same question is asked.
constexpr std::array kHintFields{"context_management",    "diagnostics",    "speed", "fallbacks",
                                 "fallback_credit_token", "billing_policy", "betas", "anthropic_beta"};

template <typename Names>
bool is_among(std::string_view name, const Names& names) {
  for (const std::string_view known : names) {
    if (known == name) return true;
  }
  return false;
}

std::string read_number(Cursor& cursor, std::string_view text) {
  if (cursor.peek() == Kind::Number) return std::string(raw_value(cursor, text));
  cursor.skip();
  return {};
}

class ConversationReader {
 public:
  explicit ConversationReader(std::string_view body) : body_(body) {}

  Result<Conversation> read() {
    if (!json::is_valid_object(body_)) return refuse("the request body is no JSON object");
    Cursor cursor(body_);
    cursor.object([&](std::string_view key) { read_member(cursor, key); });
    if (!trouble_.empty()) return refuse(trouble_);
    if (is_thread_) {
      return fail(FailureKind::Unsupported, Origin::Client,
                  "`thread` continues a conversation that only its own provider holds; it cannot be translated");
    }
    if (!has_messages_) return refuse("`messages` is missing or no array");
    return std::move(conversation_);
  }

 private:
  static tl::unexpected<Failure> refuse(std::string why) {
    return fail(FailureKind::InvalidInput, Origin::Client, std::move(why));
  }
  void lose(std::string_view name, LossWeight weight) { conversation_.unread.add(name, weight); }

  void read_member(Cursor& cursor, std::string_view key) {
    Conversation& c = conversation_;
    if (key == "model") {
      c.model = cursor.text();
    } else if (key == "max_tokens") {
      c.max_tokens = cursor.integer();
    } else if (key == "messages") {
      c.messages.clear();
      has_messages_ = cursor.array([&] { read_message(cursor); });
    } else if (key == "system") {
      c.system = read_blocks(cursor, body_, conversation_.unread);
    } else if (key == "tools") {
      c.tools.clear();
      cursor.array([&] { read_tool(cursor); });
    } else if (key == "tool_choice") {
      read_tool_choice(cursor);
    } else if (key == "stream") {
      c.stream = cursor.boolean().value_or(false);
      c.stream_usage = c.stream;
    } else if (key == "stop_sequences") {
      c.stop_sequences.clear();
      cursor.array([&] { c.stop_sequences.push_back(cursor.text()); });
    } else if (key == "temperature") {
      c.temperature = read_number(cursor, body_);
    } else if (key == "top_p") {
      c.top_p = read_number(cursor, body_);
    } else if (key == "top_k") {
      c.top_k = read_number(cursor, body_);
    } else if (key == "thinking") {
      read_thinking(cursor);
    } else if (key == "output_config") {
      read_output_config(cursor);
    } else if (key == "output_format") {
      read_output_format(cursor);
    } else if (key == "metadata") {
      cursor.object([&](std::string_view inner) {
        if (inner == "user_id") c.user_id = cursor.text();
      });
    } else if (key == "service_tier") {
      c.service_tier = cursor.text();
    } else if (key == "cache_control") {
      c.cache = read_cache_mark(cursor);
    } else if (key == "thread") {
      is_thread_ = cursor.peek() != Kind::Null;
    } else {
      note_unknown(cursor, key);
    }
  }

  void note_unknown(Cursor& cursor, std::string_view key) {
    const std::string name(key);
    const std::string value = json::compact(raw_value(cursor, body_));
    if (value == "null" || value == "[]" || (name == "speed" && value == "\"standard\"")) return;
    lose(name, is_among(name, kHintFields) ? kHint : kMeaning);
  }

  void read_message(Cursor& cursor) {
    Message message;
    std::string role;
    cursor.object([&](std::string_view key) {
      if (key == "role") {
        role = cursor.text();
      } else if (key == "content") {
        message.parts = read_blocks(cursor, body_, conversation_.unread);
      } else if (cursor.peek() != Kind::Null) {
        conversation_.unread.add("messages", key, kHint);
      }
    });
    if (role == "user") {
      message.role = Role::User;
    } else if (role == "assistant") {
      message.role = Role::Assistant;
    } else if (role == "system") {
      message.role = Role::System;
    } else {
      trouble_ = "a message's `role` is none of user, assistant and system";
    }
    conversation_.messages.push_back(std::move(message));
  }

  void read_tool(Cursor& cursor) {
    Tool tool;
    std::string type;
    Losses unread;
    cursor.object([&](std::string_view key) {
      if (key == "type") {
        type = cursor.text();
      } else if (key == "name") {
        tool.name = cursor.text();
      } else if (key == "description") {
        tool.description = cursor.text();
      } else if (key == "input_schema") {
        tool.schema = std::string(raw_value(cursor, body_));
      } else if (key == "strict") {
        tool.strict = cursor.boolean();
      } else if (key == "cache_control") {
        tool.cache = read_cache_mark(cursor);
      } else if (cursor.peek() != Kind::Null) {
        unread.add("tools", key, kHint);
      }
    });
    if (!type.empty() && type != "custom") {
      conversation_.unread.add("tools", type, kMeaning);  // runs at the provider
      return;
    }
    conversation_.unread.add_all(unread);
    conversation_.tools.push_back(std::move(tool));
  }

  void read_tool_choice(Cursor& cursor) {
    std::string type;
    ToolChoice choice;
    cursor.object([&](std::string_view key) {
      if (key == "type") {
        type = cursor.text();
      } else if (key == "name") {
        choice.name = cursor.text();
      } else if (key == "disable_parallel_tool_use") {
        if (const auto disabled = cursor.boolean()) conversation_.parallel_tool_calls = !*disabled;
      }
    });
    if (type == "auto") choice.kind = ToolChoice::Kind::Auto;
    if (type == "any") choice.kind = ToolChoice::Kind::Any;
    if (type == "none") choice.kind = ToolChoice::Kind::None;
    if (type == "tool") choice.kind = ToolChoice::Kind::Named;
    conversation_.tool_choice = std::move(choice);
  }

  void read_thinking(Cursor& cursor) {
    Thinking thinking;
    std::string type;
    cursor.object([&](std::string_view key) {
      if (key == "type") type = cursor.text();
      if (key == "budget_tokens") thinking.budget_tokens = cursor.integer().value_or(0);
    });
    if (type == "disabled") thinking.kind = Thinking::Kind::Disabled;
    if (type == "adaptive" || type == "between_tools") thinking.kind = Thinking::Kind::Adaptive;
    if (type == "enabled") thinking.kind = Thinking::Kind::Budget;
    conversation_.thinking = thinking;
  }

  void read_output_config(Cursor& cursor) {
    cursor.object([&](std::string_view key) {
      if (key == "effort") {
        read_effort(cursor);
      } else if (key == "format") {
        read_output_format(cursor);
      } else if (cursor.peek() != Kind::Null) {
        conversation_.unread.add("output_config", key, kHint);
      }
    });
  }

  void read_effort(Cursor& cursor) {
    if (cursor.peek() == Kind::Null) return;
    const std::string word = cursor.text();
    Effort& effort = conversation_.effort;
    if (word == "low")
      effort = Effort::Low;
    else if (word == "medium")
      effort = Effort::Medium;
    else if (word == "high")
      effort = Effort::High;
    else if (word == "xhigh")
      effort = Effort::XHigh;
    else if (word == "max")
      effort = Effort::Max;
    else
      lose("output_config.effort", kHint);
  }

  void read_output_format(Cursor& cursor) {
    if (cursor.peek() == Kind::Null) return;
    OutputFormat format;
    std::string type;
    cursor.object([&](std::string_view key) {
      if (key == "type") type = cursor.text();
      if (key == "schema") format.schema = std::string(raw_value(cursor, body_));
    });
    if (type != "json_schema" || format.schema.empty()) return lose("output_config.format", kMeaning);
    format.kind = OutputFormat::Kind::Schema;
    format.strict = true;  // a schema is always kept to here
    conversation_.output_format = std::move(format);
  }

  std::string_view body_;
  Conversation conversation_;
  std::string trouble_;
  bool has_messages_ = false;
  bool is_thread_ = false;
};

}  // namespace

Result<Conversation> read_conversation(std::string_view body) { return ConversationReader(body).read(); }

}  // namespace tidegate::llm::anthropic
