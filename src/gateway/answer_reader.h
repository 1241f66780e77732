// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer.h"
#include "llm/dialect.h"

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace tidegate::gateway {

/// Whether a good answer of this content type is server-sent events: it says so, or they were asked for and it does not say that it is JSON.
/// Relays send them as text/plain, or with no type at all.
[[nodiscard]] bool is_event_stream(std::string_view content_type, bool was_asked_for);

/// Reads usage from an answer while its bytes pass, whatever the dialect; never holds a byte back.
class AnswerReader {
 public:
  AnswerReader();
  ~AnswerReader();
  AnswerReader(AnswerReader&&) noexcept;
  AnswerReader& operator=(AnswerReader&&) noexcept;

  /// Before the first byte. `is_stream`: server-sent events; otherwise one JSON document. From 400 on the body is an error's,
  /// and what redirects has nothing to read.
  /// `marks_state`: AnswerFacts::state_marks are of interest.
  void begin(llm::EndpointMatch match, int status, bool is_stream, bool marks_state = false);
  void feed(std::string_view payload);
  /// After the last byte of a document (a stream needs no end).
  void end();
  [[nodiscard]] const llm::AnswerFacts& facts() const;
  /// The same, to be moved from.
  [[nodiscard]] llm::AnswerFacts&& take_facts();
  /// Whether the bytes so far end between two events, so that an event of ours may follow.
  [[nodiscard]] bool at_event_boundary() const;

 private:
  struct Readers;
  std::unique_ptr<Readers> readers_;
  bool is_stream_ = false;
  std::array<char, 4> tail_{};  ///< the last bytes, at its end
  std::size_t tail_size_ = 0;
};

}  // namespace tidegate::gateway
