// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/losses.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// A request of either dialect, for translation only: same-dialect traffic goes byte for byte and never becomes one.
namespace tidegate::llm {

/// Where the client asked for the prompt to be cached up to.
enum class CacheMark : std::uint8_t { None, FiveMinutes, OneHour };

struct Part;

struct TextPart {
  std::string text;
};
struct ImagePart {
  std::string url;         ///< https; empty if `data` is there
  std::string media_type;  ///< of `data`
  std::string data;        ///< base64
  std::string detail;      ///< OpenAI's `low`, `high`, `auto`; empty if not said
};
struct DocumentPart {
  std::string url;
  std::string media_type;
  std::string data;  ///< base64
  std::string name;  ///< file name or title; may be empty
};
struct ToolCallPart {
  std::string id;
  std::string name;
  std::string arguments;  ///< JSON text as the model wrote it; may be empty or broken if the model was cut off
};
struct ToolResultPart {
  std::string call_id;
  std::vector<Part> content;  ///< text, images and documents
  bool is_error = false;
};
struct ReasoningPart {
  std::string text;
  std::string signature;  ///< opaque; empty if the provider signs nothing
  std::string redacted;   ///< opaque, instead of the two above
};

struct Part {
  std::variant<TextPart, ImagePart, DocumentPart, ToolCallPart, ToolResultPart, ReasoningPart> content;
  CacheMark cache = CacheMark::None;
};

enum class Role : std::uint8_t { User, Assistant, System };

/// Tool results stand in user messages, before anything else that is in them.
struct Message {
  Role role = Role::User;
  std::vector<Part> parts;
};

struct Tool {
  std::string name;
  std::string description;
  std::string schema;  ///< JSON object as it was written; empty if there is none
  std::optional<bool> strict;
  CacheMark cache = CacheMark::None;
};

struct ToolChoice {
  enum class Kind : std::uint8_t { Unsaid, Auto, Any, None, Named };
  Kind kind = Kind::Unsaid;
  std::string name;  ///< of `Named`
};

enum class Effort : std::uint8_t { Unsaid, None, Low, Medium, High, XHigh, Max };

struct Thinking {
  enum class Kind : std::uint8_t { Unsaid, Disabled, Adaptive, Budget };
  Kind kind = Kind::Unsaid;
  std::int64_t budget_tokens = 0;  ///< of `Budget`
};

struct OutputFormat {
  enum class Kind : std::uint8_t { Text, Object, Schema };
  Kind kind = Kind::Text;
  std::string name;    ///< of `Schema`; may be empty
  std::string schema;  ///< of `Schema`: JSON as it was written
  std::optional<bool> strict;
};

struct Conversation {
  std::string model;
  std::vector<Part> system;  ///< texts
  std::vector<Message> messages;
  std::vector<Tool> tools;
  ToolChoice tool_choice;
  std::optional<bool> parallel_tool_calls;
  std::optional<std::int64_t> max_tokens;
  std::vector<std::string> stop_sequences;
  std::string temperature;  ///< as it was written; empty if not said
  std::string top_p;        ///< likewise
  std::string top_k;        ///< likewise
  bool stream = false;
  bool stream_usage = false;  ///< the client wants usage in its stream (OpenAI; Anthropic always has it)
  OutputFormat output_format;
  Effort effort = Effort::Unsaid;
  Thinking thinking;
  std::string user_id;
  std::string service_tier;
  CacheMark cache = CacheMark::None;  ///< of the request as a whole
  Losses unread;                      ///< what else the client sent: fields and parts that have no place in here
};

}  // namespace tidegate::llm
