// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/json/cursor.h"
#include "llm/sse/scanner.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::llm::openai {

/// Whether a stream of `POST /v1/chat/completions` follows the grammar that clients rely on: every event a chunk of one
/// id with `choices`, the role first, each tool call's index the next one and its id and name with its first delta, one
/// finish reason, then usage if it was asked for, then `[DONE]`. A chunk with `error` ends the stream at any place.
/// Cheap enough for live streams: texts are stepped over. Judges the first choice. One thread.
class Grammar {
 public:
  void feed(std::string_view bytes);
  /// After the last byte: the stream must have come to its end.
  void end();
  /// The first violation in words, without any content; empty if there is none so far.
  [[nodiscard]] const std::string& violation() const { return violation_; }

 private:
  struct Choice;

  void take(std::string_view data);
  void take_choice(json::Cursor& cursor);
  void read_delta(json::Cursor& cursor, Choice& choice);
  void take_tool_call(json::Cursor& cursor);
  void require(bool holds, std::string_view otherwise);

  sse::Scanner scanner_;
  std::string id_;
  std::int64_t calls_ = 0;
  bool has_role_ = false;
  bool has_finished_ = false;
  bool has_usage_ = false;
  bool at_end_ = false;
  std::string violation_;
};

}  // namespace tidegate::llm::openai
