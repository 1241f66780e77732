// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::sim {

enum class Dialect : std::uint8_t { Anthropic, OpenAi };

/// A whole answer.
struct Reply {
  int status = 200;
  std::string body;
  std::string headers;  ///< further lines, each `name: value\r\n`
  std::string_view content_type = "application/json";
};

/// What a provider says when it refuses.
struct ApiError {
  int status;
  std::string type;  ///< Anthropic's; OpenAI's follows from the status
  std::string message;
  std::string error_code = {};                             ///< `error.details.error_code`, OpenAI's `error.code`
  std::optional<std::int64_t> retry_after = std::nullopt;  ///< seconds
};

[[nodiscard]] std::string_view reason_of(int status);
/// Anthropic's error type for a status (facts/anthropic-api.md 2.5).
[[nodiscard]] std::string_view error_type_of(int status);
[[nodiscard]] std::string error_body(const ApiError& error, Dialect dialect, std::string_view request_id);
[[nodiscard]] Reply error_reply(const ApiError& error, Dialect dialect, std::string_view request_id);

/// Puts JSON of some size under `content-encoding: gzip`, if `accept_encoding` has that, as what stands in front of real providers does.
void compress(Reply& reply, std::string_view accept_encoding);

enum class Persistence : std::uint8_t { KeepAlive, Close };

/// Head and body as they go on the wire. `has_body` false: a HEAD request, Content-Length stays.
[[nodiscard]] std::string to_wire(const Reply& reply, WallTime now, Persistence persistence, bool has_body = true);
/// The head of an event stream in chunks; with Persistence::Close without chunks, ended by the end of the connection.
[[nodiscard]] std::string stream_head(std::string_view headers, WallTime now, Persistence persistence);
[[nodiscard]] std::string chunk(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace tidegate::sim
