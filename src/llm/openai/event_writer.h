// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer_event.h"
#include "llm/whole_answer.h"

#include <string>
#include <string_view>
#include <utility>

namespace tidegate::llm::openai {

/// Writes events as a stream of `POST /v1/chat/completions`: a chunk with the role, chunks with deltas, one with the
/// finish reason, one with usage if the client asked for it, `[DONE]`. One thread.
class EventWriter {
 public:
  explicit EventWriter(AnswerForm form) : form_(std::move(form)) {}

  /// Appends what the event adds to the client's stream.
  void take(const AnswerEvent& event, std::string& out);
  /// `[DONE]` or an error was written: nothing follows.
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  void start(const AnswerEvent& event, std::string& out);
  /// A chunk with this `delta` and `finish_reason`, both JSON.
  void write_chunk(std::string_view delta, std::string_view finish_reason, std::string& out) const;
  void write_text(std::string_view member, std::string_view text, std::string& out) const;
  void write_reasoning(const ReasoningPart& reasoning, std::string& out);
  void write_call_start(const AnswerEvent& event, std::string& out) const;
  void write_arguments(std::int32_t call, std::string_view text, std::string& out) const;
  void end(std::string& out);

  AnswerForm form_;
  std::string beginning_;  ///< of every chunk
  bool started_ = false;
  bool finished_ = false;
  std::string reasoning_;     ///< since the last signature, which signs it
  std::int32_t details_ = 0;  ///< reasoning that is complete: the index of the next
  StopReason stop_ = StopReason::Unsaid;
  Usage usage_;
};

/// The chunk that ends a stream with an error, for one that another dialect's provider sent in mid-stream.
[[nodiscard]] std::string write_stream_error(const UpstreamError& error, std::string_view request_id);

/// OpenAI's `code` for an error of that kind; empty if it has none.
[[nodiscard]] std::string_view error_code_of(const UpstreamError& error);

}  // namespace tidegate::llm::openai
