// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer.h"
#include "llm/dialect.h"
#include "llm/json/member_filter.h"
#include "llm/json/state_mark.h"
#include "llm/sse/scanner.h"

#include <string_view>
#include <utility>

namespace tidegate::llm::openai {

/// Reads a chat completion with `stream: true` as its bytes pass. Usage comes in the last chunk, and only if the
/// request asked with `stream_options.include_usage` (facts/anthropic-api.md 5.2). `output_characters` counts the
/// bytes, as written in JSON, of every text inside `delta` except ids and names. One thread; movable.
class ChatStreamReader {
 public:
  void feed(std::string_view bytes);
  [[nodiscard]] const AnswerFacts& facts() const { return facts_; }
  /// The same, to be moved from.
  [[nodiscard]] AnswerFacts&& take_facts() { return std::move(facts_); }
  [[nodiscard]] std::uint64_t passed_over() const { return scanner_.passed_over(); }

 private:
  void take(std::string_view data);

  sse::Scanner scanner_;
  AnswerFacts facts_;
  /// What stood before `choices` in the last chunk that was read from its beginning. It is the same in all chunks of a
  /// stream, as a rule, and then says nothing new.
  std::string known_beginning_;
};

/// Reads a stream of `/v1/responses` as its bytes pass: id and model from `response.created`, usage from
/// `response.completed`,
/// `.incomplete` or `.failed`. `stop_reason` is the status, or the reason of an incomplete answer. One thread; movable.
class ResponsesStreamReader {
 public:
  /// `marks_state`: AnswerFacts::state_marks are of interest.
  explicit ResponsesStreamReader(bool marks_state = false) : marks_state_(marks_state) {}
  void feed(std::string_view bytes);
  [[nodiscard]] const AnswerFacts& facts() const { return facts_; }
  /// The same, to be moved from.
  [[nodiscard]] AnswerFacts&& take_facts() { return std::move(facts_); }
  [[nodiscard]] std::uint64_t passed_over() const { return scanner_.passed_over(); }

 private:
  void take(std::string_view event, std::string_view data);
  void take_response(std::string_view event, std::string_view data);

  sse::Scanner scanner_;
  AnswerFacts facts_;
  bool marks_state_;
};

/// Reads the JSON answer of a chat completion, a response or an embedding as its bytes pass; the facts appear when its
/// last byte has. Memory does not grow with the content. One thread; movable.
class JsonReader {
 public:
  /// `marks_state`: as ResponsesStreamReader's.
  explicit JsonReader(Endpoint endpoint, bool marks_state = false);
  void feed(std::string_view bytes);
  [[nodiscard]] const AnswerFacts& facts() const { return facts_; }
  /// The same, to be moved from.
  [[nodiscard]] AnswerFacts&& take_facts() { return std::move(facts_); }

 private:
  void read(std::string_view bytes);

  json::MemberFilter members_;
  json::StateScanner state_;
  AnswerFacts facts_;
  bool marks_state_;
};

/// The same for a body that is there as a whole.
[[nodiscard]] AnswerFacts read_json_answer(Endpoint endpoint, std::string_view body);

}  // namespace tidegate::llm::openai
