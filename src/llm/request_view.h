// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace tidegate::llm {

/// State that only the pool which made it holds: a request that names one goes there and nowhere else, without retry
/// elsewhere (facts/anthropic-api.md 2.2). Empty strings: no such tie.
struct StateTies {
  std::string previous_message_id;   ///< Anthropic `thread.previous_message_id`
  std::string previous_response_id;  ///< OpenAI Responses
  std::string conversation;          ///< OpenAI Responses `conversation` (id)
  std::string container;            ///< Anthropic `container` (id), OpenAI's code interpreter container: code execution
  std::string fallback_credit;      ///< Anthropic `fallback_credit_token`
  std::string file;                 ///< the first file or vector store id that the content or a tool names
  std::uint64_t thinking_mark = 0;  ///< json/state_mark.h, of the last signature or encrypted reasoning that an earlier turn carries; 0: none

  [[nodiscard]] bool any() const {
    return !previous_message_id.empty() || !previous_response_id.empty() || !conversation.empty() ||
           !container.empty() || !fallback_credit.empty() || !file.empty() || thinking_mark != 0;
  }
};

/// Where a JSON string value stands in the body, quotes included; for edits by splicing. Zero length: not there.
struct ByteRange {
  std::size_t offset = 0;
  std::size_t length = 0;

  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// What the gateway needs to know of a request body. The body itself is never changed or re-serialised.
/// Unknown and oddly typed fields are not an error: the provider judges those.
struct RequestView {
  bool readable = false;  ///< false: no JSON object; forwarded as it is, metered as unknown
  std::string model;      ///< as written; empty if absent
  ByteRange model_range;  ///< of the model's value at the top level
  bool stream = false;
  std::optional<std::int64_t> max_tokens;  ///< `max_tokens`, `max_completion_tokens` or `max_output_tokens`
  std::string user;     ///< Anthropic `metadata.user_id`, OpenAI `safety_identifier` or `user`; at most 256 bytes
  std::string session;  ///< `session_id` inside Claude Code's `metadata.user_id` (a JSON object in a string)
  std::string service_tier;
  std::string speed;
  std::string inference_geo;
  std::int64_t body_bytes = 0;
  std::int64_t answers = 1;           ///< OpenAI `n`: so many, each of up to max_tokens
  std::int64_t attachments = 0;       ///< images and sounds written out as base64
  /// The part of body_bytes that says nothing of tokens: all of those, and half of a document in base64, whose pages are read as text and
  /// as pictures: a token for some eight bytes, more for plain text, less for scans.
  std::int64_t attachment_bytes = 0;
  std::int32_t cache_markers = 0;  ///< how many `cache_control` objects the client set
  bool has_tools = false;
  bool temperature_is_zero = false;  ///< it says so: the likeliest answer is wanted, not a new one each time
  bool foreign_reasoning = false;  ///< an earlier turn carries thinking that a translated answer of another dialect's provider held
  bool wants_stream_usage = false;  ///< OpenAI `stream_options.include_usage`
  ByteRange stream_options_range;   ///< of OpenAI's `stream_options` value, to ask for usage by splicing
  std::size_t first_member =
      0;  ///< just behind the body's opening brace, where a member can be spliced in; 0: not readable
  bool is_empty_object = false;  ///< the body is `{}`: a member spliced in needs no comma behind it
  ByteRange system_range;    ///< of Anthropic's `system` value
  ByteRange tools_range;     ///< of the `tools` value
  ByteRange first_message_range;  ///< of the first element of Anthropic's `messages`, which a conversation keeps
  StateTies ties;
};

}  // namespace tidegate::llm
