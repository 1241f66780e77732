// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer.h"
#include "llm/json/member_filter.h"
#include "llm/json/state_mark.h"
#include "llm/sse/scanner.h"

#include <string_view>
#include <utility>

namespace tidegate::llm::anthropic {

/// Reads `POST /v1/messages` with `stream: true` as its bytes pass (facts/anthropic-api.md 2.4). One thread; movable.
///
/// Deltas are not parsed: the length of the one text that each carries is added to `output_characters`, in bytes as
/// written in JSON (signatures and citations left out, since they are no generated tokens). That figure serves an
/// estimate only.
class StreamReader {
 public:
  /// `marks_state`: AnswerFacts::state_marks are of interest.
  explicit StreamReader(bool marks_state = false) : marks_state_(marks_state) {}
  void feed(std::string_view bytes);
  [[nodiscard]] const AnswerFacts& facts() const { return facts_; }
  /// The same, to be moved from.
  [[nodiscard]] AnswerFacts&& take_facts() { return std::move(facts_); }
  /// Events longer than the scanner reads.
  [[nodiscard]] std::uint64_t passed_over() const { return scanner_.passed_over(); }

 private:
  void take(std::string_view event, std::string_view data);
  void take_message_start(std::string_view data);
  void take_block_start(std::string_view data);
  void take_message_delta(std::string_view data);
  void take_error(std::string_view data);
  void take_signature(std::string_view data);

  sse::Scanner scanner_;
  AnswerFacts facts_;
  bool marks_state_;
  json::StateMark signature_;  ///< of the block at hand, which may come in several deltas
};

/// Reads the JSON answer of `POST /v1/messages` as its bytes pass; the facts appear when its last byte has.
/// `output_characters` is the size of `content`; 0 for an empty one. Memory does not grow with the content. One thread;
/// movable.
class JsonReader {
 public:
  /// `marks_state`: as StreamReader's.
  explicit JsonReader(bool marks_state = false);
  void feed(std::string_view bytes);
  [[nodiscard]] const AnswerFacts& facts() const { return facts_; }
  /// The same, to be moved from.
  [[nodiscard]] AnswerFacts&& take_facts() { return std::move(facts_); }

 private:
  void read(std::string_view bytes);
  [[nodiscard]] bool take_whole(std::string_view bytes);

  json::MemberFilter members_;
  json::StateScanner state_;
  AnswerFacts facts_;
  bool marks_state_;
  bool begun_ = false;
  bool done_ = false;
};

/// The same for a body that is there as a whole.
[[nodiscard]] AnswerFacts read_json_answer(std::string_view body);

}  // namespace tidegate::llm::anthropic
