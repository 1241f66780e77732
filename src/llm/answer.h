// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/upstream_error.h"
#include "llm/usage.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::llm {

/// What is read from an answer while its bytes pass.
struct AnswerFacts {
  Usage usage;
  std::string id;           ///< message or response id
  std::string model;        ///< the model that answered: the one that is priced
  std::string stop_reason;  ///< as the dialect says it
  std::string container;    ///< container id the answer made or used
  bool content_started = false;       ///< the first event with content was seen
  bool finished = false;              ///< the dialect's own end was seen (message_stop, [DONE], response.completed, whole JSON)
  std::int64_t output_characters = 0; ///< text, thinking and tool input seen so far, for an estimate if the stream breaks off
  std::vector<std::uint64_t> state_marks;  ///< of what is tied to its maker (json/state_mark.h), in order; only if somebody asked for them
  UpstreamError error;                ///< kind MidStream with its details if an error event was seen
};

/// Output tokens of an answer whose end was not seen: about four characters a token (facts/anthropic-api.md 2.4), never fewer than
/// the provider has said so far. The same as the reported figure if the usage is complete.
[[nodiscard]] std::int64_t estimate_output_tokens(const AnswerFacts& facts);

/// Replaces the output of an incomplete usage by that estimate and marks it `estimated`. Does nothing if the usage is complete.
void estimate_missing_usage(AnswerFacts& facts);

/// False for what a provider shows but does not charge: a refusal with empty content (facts/anthropic-api.md 2.3).
[[nodiscard]] bool is_charged(const AnswerFacts& facts);

}  // namespace tidegate::llm
