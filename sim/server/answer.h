// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "sim/server/model_call.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::sim {

/// What a model says to a call, before any dialect writes it.
struct Answer {
  /// One delta of a stream.
  struct Piece {
    std::string text;
    std::int64_t tokens;
  };
  struct Part {
    enum class Kind : std::uint8_t { Thinking, Text, ToolUse };
    Kind kind;
    std::vector<Piece> pieces;
    std::string tool_name = {};  ///< of ToolUse; the pieces are the input's JSON

    [[nodiscard]] std::string text() const;
  };

  std::string id;                        ///< without a dialect's prefix
  std::string stop_reason = "end_turn";  ///< Anthropic's word
  std::string signature;                 ///< of its thinking, Anthropic's
  std::vector<Part> parts;
  CacheUsage input;
  WallTime created;

  [[nodiscard]] std::int64_t output_tokens() const;
  [[nodiscard]] std::int64_t thinking_tokens() const;
};

/// A ready event of a stream and the output tokens that were produced for it.
struct TimedEvent {
  std::string bytes;
  std::int64_t output_tokens = 0;
};

/// An answer of about `length` tokens, cut at the call's max_tokens. `text` comes first, filler follows.
[[nodiscard]] Answer compose_answer(const ModelCall& call, std::int64_t length, std::string_view text,
                                    int tokens_per_event);

/// The body of an answer that is not streamed.
[[nodiscard]] std::string render_body(const ModelCall& call, const Answer& answer);
/// Every event of a stream, in order, to the last.
[[nodiscard]] std::vector<TimedEvent> render_events(const ModelCall& call, const Answer& answer);
/// An `error` event in the middle of a stream.
[[nodiscard]] std::string render_error_event(Dialect dialect, std::string_view type, std::string_view message);

/// Vectors for /v1/embeddings: unit length, the same for the same seed. The body.
[[nodiscard]] std::string render_embeddings(const ModelCall& call);

}  // namespace tidegate::sim
