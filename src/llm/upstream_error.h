// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::llm {

/// Why an attempt gave no good answer: one closed list, because each has a consequence of its own
/// (facts/anthropic-api.md 1.4; DESIGN.md 4 "A quota is not health").
enum class UpstreamErrorKind : std::uint8_t {
  None,
  RateLimit,       ///< 429: requests, input or output tokens per minute
  Ramp,            ///< 429 ramp_limit_exceeded: too sharp an increase
  Concurrency,     ///< 429: too many connections at once
  TierSpendCap,    ///< 429 enforced_spend_limit_reached: until the month ends
  ContractCap,     ///< 429 contract_spend_limit_reached
  OwnSpendLimit,   ///< 400 "specified … API usage limits"
  Billing,         ///< 402
  Authentication,  ///< 401
  Permission,      ///< 403
  NotFound,        ///< 404
  TooLarge,        ///< 413
  InvalidRequest,  ///< 400 and other 4xx: the client's own
  Overloaded,      ///< 529
  ServerError,     ///< other 5xx
  Timeout,         ///< no head, or no byte, in time
  Connect,         ///< no connection, no name, no TLS
  Reset,           ///< closed or reset before the head
  Truncated,       ///< ended in mid-answer
  MidStream,       ///< an error event after 200
  Protocol,        ///< not HTTP, or not what the dialect allows
};
[[nodiscard]] std::string_view to_string(UpstreamErrorKind kind);

/// What an error body says, as far as it can be read. The message is the provider's text and never kept in the ledger.
struct UpstreamError {
  UpstreamErrorKind kind = UpstreamErrorKind::None;
  std::string type;     ///< `rate_limit_error`, …
  std::string code;     ///< `error.details.error_code` or OpenAI's `error.code`
  std::string message;

  friend bool operator==(const UpstreamError&, const UpstreamError&) = default;
};

}  // namespace tidegate::llm
