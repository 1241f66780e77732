// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidegate::llm {

/// How a request or an answer is written. A provider is data; a dialect is code.
enum class Dialect : std::uint8_t { Anthropic, OpenAi };

/// What a path asks for, as far as the gateway treats it differently.
enum class Endpoint : std::uint8_t {
  Messages,         ///< POST /v1/messages
  CountTokens,      ///< POST /v1/messages/count_tokens: free, has limits of its own, never waits behind messages
  MessageBatches,   ///< /v1/messages/batches…: `results_url` is rewritten to the gateway's origin
  Files,            ///< /v1/files…: uploads stream through, without retry
  Models,           ///< GET /v1/models…
  ChatCompletions,  ///< POST /v1/chat/completions
  Responses,        ///< /v1/responses…: may continue a response that one pool keeps
  Embeddings,       ///< POST /v1/embeddings
  Other,            ///< any other /v1/… path: passed through, counted as a request
};

[[nodiscard]] std::string_view to_string(Dialect dialect);
[[nodiscard]] std::string_view to_string(Endpoint endpoint);

/// Where a request goes in the dialects' own terms.
struct EndpointMatch {
  Dialect dialect;
  Endpoint endpoint;

  friend bool operator==(const EndpointMatch&, const EndpointMatch&) = default;
};

/// Matches on the path alone (facts/clients.md 4.2). Paths that both dialects have (`/v1/models`, `/v1/files`) and
/// unknown ones are Anthropic's if the request carries an `anthropic-version` header; otherwise of the dialect that all providers speak (`only`);
/// where they speak several, OpenAI's for the shared ones and Anthropic's for the unknown. `path` is without query; it need not start with
/// `/v1/`.
[[nodiscard]] EndpointMatch match_endpoint(std::string_view path, bool has_anthropic_version, std::optional<Dialect> only = std::nullopt);

/// Whether a path would be another endpoint's to a server that reads paths more liberally than `match_endpoint`: `/v1/%6dessages`,
/// `/v1//messages`, `/v1/files/../messages`, `/v1/Messages`. Who may send what would then be judged by the wrong one.
[[nodiscard]] bool is_disguised(std::string_view path);

/// The id that a path names: an answer's (`/v1/responses/ID…`), or of what a provider keeps for its caller (`/v1/files/ID…`,
/// `/v1/messages/batches/ID…`, `/v1/batches/ID…`, `/v1/conversations/ID…`, `/v1/containers/ID…`, `/v1/vector_stores/ID…`); empty if none.
[[nodiscard]] std::string_view named_object(std::string_view path);
/// Whether a POST to this path makes such a thing, whose id its answer tells at the top level.
[[nodiscard]] bool makes_object(std::string_view path);

/// Whether an answer of this endpoint uses tokens that are paid for.
[[nodiscard]] bool is_metered(Endpoint endpoint);

}  // namespace tidegate::llm
