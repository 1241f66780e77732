// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidegate::net::http1 {

/// The header fields that a gateway decides about; everything else is `Other` and passes. Found once, while parsing, so
/// that nothing later compares names.
enum class FieldClass : std::uint8_t {
  Other,
  // Framing and routing of the message itself
  Host,
  ContentLength,
  TransferEncoding,
  Expect,
  // Hop by hop (RFC 9110 7.6.1)
  Connection,
  KeepAlive,
  Proxy,  ///< every `proxy-*`, among them the credentials of a forward proxy
  Te,
  Trailer,
  Upgrade,
  // Credentials
  Authorization,
  XApiKey,
  Cookie,
  // Content
  Accept,
  AcceptEncoding,
  ContentEncoding,
  ContentType,
  // What a provider says about itself
  Date,
  Server,
  Location,
  RetryAfter,
  XShouldRetry,
  RequestId,
  XRequestId,
  AnthropicOrganizationId,
  AnthropicWorkspaceId,
  AnthropicRateLimit,  ///< `anthropic-ratelimit-*`, `anthropic-priority-*` and `anthropic-fast-*`
  XRateLimit,          ///< `x-ratelimit-*`
  // What a client says about itself
  AnthropicVersion,
  AnthropicBeta,
  UserAgent,
  XClaudeCode,  ///< `x-claude-code-*`
  IdempotencyKey,
  TraceParent,
  // Left behind by proxies
  Forwarded,  ///< `forwarded` and `x-forwarded-*`
  Via,
};

inline constexpr std::size_t kFieldClasses = static_cast<std::size_t>(FieldClass::Via) + 1;
static_assert(kFieldClasses <= 64, "the set of classes present in a head is one 64-bit word");

/// The class of a field name in any case. The name must be a token (RFC 9110 5.6.2), as every parsed name is.
[[nodiscard]] FieldClass classify(std::string_view name);

/// Meant for this connection only: never relayed.
[[nodiscard]] constexpr bool is_hop_by_hop(FieldClass field) {
  return field == FieldClass::TransferEncoding || (field >= FieldClass::Connection && field <= FieldClass::Upgrade);
}

/// What was found out about one field, beside the field.
struct FieldTag {
  FieldClass field_class = FieldClass::Other;
  bool hop_by_hop = false;  ///< not to be relayed: by its class, because `Connection` names it, or as a repetition
};

}  // namespace tidegate::net::http1
