// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer_event.h"
#include "llm/json/completeness.h"
#include "llm/whole_answer.h"

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::llm::anthropic {

/// Writes events as a stream of `POST /v1/messages`:
///
///   message_start *(content_block_start *content_block_delta content_block_stop) message_delta message_stop
///
/// One block is open at a time here. A dialect that writes several tool calls at once is put in order: what belongs to
/// another part waits until the open call's arguments are complete, which costs nothing when a provider finishes one
/// call before the next. One thread.
class EventWriter {
 public:
  explicit EventWriter(AnswerForm form) : form_(std::move(form)) {}

  /// Appends what the event adds to the client's stream.
  void take(const AnswerEvent& event, std::string& out);
  /// `message_stop` or an error was written: nothing follows.
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  enum class Block : std::uint8_t { None, Text, Reasoning, Redacted, Tool };
  struct Piece {
    Block block = Block::None;
    std::int32_t call = -1;
    std::string id = {};
    std::string name = {};
    std::string text = {};
  };

  void start(const AnswerEvent& event, std::string& out);
  void take_content(Piece piece, std::string& out);
  void take_arguments(const AnswerEvent& event, std::string& out);
  void take_signature(std::string_view signature, std::string& out);
  void open(const Piece& piece, std::string& out);
  void write_delta(std::string_view type, std::string_view member, std::string_view text, std::string& out);
  void write_text(std::string_view text, std::string& out);
  void close(std::string& out);
  /// Writes what waits, as far as the open call allows.
  void write_waiting(std::string& out);
  void write_all_waiting(std::string& out);
  void end(std::string& out);
  void write_error(const UpstreamError& error, std::string& out);
  [[nodiscard]] bool must_wait() const { return block_ == Block::Tool && !arguments_.is_complete(); }

  AnswerForm form_;
  bool started_ = false;
  bool finished_ = false;
  Block block_ = Block::None;
  std::int32_t call_ = -1;        ///< of the open block
  std::int32_t next_index_ = 0;   ///< of the next block
  json::Completeness arguments_;  ///< of the open call
  std::string signature_;         ///< of the open reasoning
  std::vector<Piece> waiting_;
  std::size_t waiting_bytes_ = 0;
  StopReason stop_ = StopReason::Unsaid;
  std::string stop_sequence_;
  Usage usage_;
};

/// `event: error` in this dialect, for an error that another dialect's provider sent in mid-stream.
[[nodiscard]] std::string write_stream_error(const UpstreamError& error, std::string_view request_id);

}  // namespace tidegate::llm::anthropic
