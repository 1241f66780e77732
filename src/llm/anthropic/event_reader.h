// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer_event.h"
#include "llm/losses.h"
#include "llm/sse/scanner.h"

#include <string>
#include <string_view>

namespace tidegate::llm::anthropic {

/// Reads a stream of `POST /v1/messages` as events, from bytes cut anywhere (facts/anthropic-api.md 2.4). Blocks that
/// only a server tool makes are left out and named in `losses`. One thread.
class EventReader {
 public:
  /// Calls `sink` for each event that ends in `bytes`.
  void feed(std::string_view bytes, const AnswerSink& sink);
  [[nodiscard]] const Losses& losses() const { return losses_; }
  /// Events longer than the scanner reads: then the answer is not whole.
  [[nodiscard]] std::uint64_t passed_over() const { return scanner_.passed_over(); }

 private:
  enum class Block : std::uint8_t { Other, Text, Reasoning, Redacted, Tool };

  void take(std::string_view event, std::string_view data, const AnswerSink& sink);
  void take_start(std::string_view data, const AnswerSink& sink);
  void take_block_start(std::string_view data, const AnswerSink& sink);
  void take_delta(std::string_view data, const AnswerSink& sink);
  void take_block_stop(const AnswerSink& sink);
  void take_message_delta(std::string_view data, const AnswerSink& sink);

  sse::Scanner scanner_;
  Losses losses_;
  std::string id_;  ///< of the answer
  Usage usage_;
  Block block_ = Block::Other;
  std::int32_t calls_ = 0;   ///< tool calls begun
  std::string whole_input_;  ///< of a relay that sends a call's input with its start
  bool has_arguments_ = false;
};

}  // namespace tidegate::llm::anthropic
