// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer_event.h"
#include "llm/json/cursor.h"
#include "llm/losses.h"
#include "llm/sse/scanner.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::llm::openai {

/// Reads a stream of `POST /v1/chat/completions` as events, from bytes cut anywhere, of several choices the first.
/// Knows what providers of this dialect do differently: reasoning in `reasoning_content` or `reasoning`, tool calls
/// without index or with their name repeated, usage in any chunk or inside the choice. One thread.
class EventReader {
 public:
  /// Calls `sink` for each event that ends in `bytes`.
  void feed(std::string_view bytes, const AnswerSink& sink);
  /// A finish reason was read, so that only usage and `[DONE]` can be missing.
  [[nodiscard]] bool has_finish_reason() const { return has_finish_reason_; }
  [[nodiscard]] const Losses& losses() const { return losses_; }
  /// Events longer than the scanner reads: then the answer is not whole.
  [[nodiscard]] std::uint64_t passed_over() const { return scanner_.passed_over(); }

 private:
  struct Call {
    std::int64_t index = 0;
    std::string id;
    bool is_named = false;
    std::string arguments;  ///< that came before its name
  };

  void take(std::string_view data, const AnswerSink& sink);
  void take_choice(json::Cursor& cursor, std::string_view data, const AnswerSink& sink);
  void take_delta(json::Cursor& cursor, std::string_view data, const AnswerSink& sink);
  void take_content(json::Cursor& cursor, const AnswerSink& sink);
  void take_tool_call(json::Cursor& cursor, std::string_view data, const AnswerSink& sink);
  void start_call(std::size_t call, std::string_view name, const AnswerSink& sink);
  void take_finish(std::string_view reason, std::string_view stop_sequence, const AnswerSink& sink);

  sse::Scanner scanner_;
  Losses losses_;
  Usage usage_;
  std::vector<Call> calls_;  ///< in the order they started
  std::string id_;           ///< of the answer
  bool started_ = false;
  bool has_finish_reason_ = false;
};

}  // namespace tidegate::llm::openai
