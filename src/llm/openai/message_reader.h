// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/conversation.h"
#include "llm/json/cursor.h"

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::llm::openai {

/// Reads `messages` of a chat completion, one by one, into a conversation: leading instructions become its system
/// parts, tool results and what the user says next become one message.
class MessageReader {
 public:
  /// `body` is what the cursors read.
  MessageReader(std::string_view body, Conversation& conversation) : body_(body), conversation_(conversation) {}

  void read(json::Cursor& cursor);
  /// The parts of an answer's `message`, which need not say its role.
  [[nodiscard]] std::vector<Part> read_answer(json::Cursor& cursor);
  /// What makes the messages unreadable; empty if nothing does.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  struct Fields;

  void read_field(json::Cursor& cursor, std::string_view key, Fields& fields);
  void take(Fields fields);
  [[nodiscard]] static std::vector<Part> assistant_parts(Fields fields);
  void take_tool_result(Fields fields);
  void take_user(Fields fields);
  void take_instructions(Fields fields);

  [[nodiscard]] std::vector<Part> read_content(json::Cursor& cursor);
  void read_part(json::Cursor& cursor, std::vector<Part>& parts);
  [[nodiscard]] Part read_tool_call(json::Cursor& cursor);

  std::string_view body_;
  Conversation& conversation_;
  std::string trouble_;
  bool results_are_open_ = false;  ///< the last message holds tool results to which more may be added
};

/// `cache_control` as Anthropic writes it, which relays take here too.
[[nodiscard]] CacheMark read_cache_mark(json::Cursor& cursor);

/// OpenRouter's `reasoning_details`, which carry what Anthropic signed: one part for each index.
[[nodiscard]] std::vector<ReasoningPart> read_reasoning_details(json::Cursor& cursor);

}  // namespace tidegate::llm::openai
