// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/field_class.h"

#include <bit>
#include <cstring>

namespace tidegate::net::http1 {
namespace {

// Bit 0x20 turns a capital into a small letter and leaves digits and '-' alone; no other token character falls onto one
// of [a-z0-9-] by it, so comparing under that bit is exact for names made of those.
constexpr std::uint64_t kSmall = 0x2020202020202020U;

std::uint64_t load(const char* text, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, size);
  return word;
}

/// `name` begins with `literal` (small letters, digits and '-'), in any case. Eight bytes a step, the last step
/// overlapping.
template <std::size_t N>
bool begins(std::string_view name, const char (&literal)[N]) {
  constexpr std::size_t size = N - 1;
  if (name.size() < size) return false;
  if constexpr (size < 8) {
    const std::uint64_t mask = load("\x20\x20\x20\x20\x20\x20\x20\x20", size);
    return (load(name.data(), size) | mask) == load(literal, size);
  } else {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      if ((load(name.data() + at, 8) | kSmall) != load(literal + at, 8)) return false;
    }
    return (load(name.data() + size - 8, 8) | kSmall) == load(literal + size - 8, 8);
  }
}

/// The families, told by their beginnings.
FieldClass classify_family(std::string_view name) {
  switch (name.front() | 0x20) {
    case 'a':
      if (begins(name, "anthropic-ratelimit-")) return FieldClass::AnthropicRateLimit;
      if (begins(name, "anthropic-priority-")) return FieldClass::AnthropicRateLimit;
      if (begins(name, "anthropic-fast-")) return FieldClass::AnthropicRateLimit;
      return FieldClass::Other;
    case 'p': return begins(name, "proxy-") ? FieldClass::Proxy : FieldClass::Other;
    case 'x':
      if (begins(name, "x-ratelimit-")) return FieldClass::XRateLimit;
      if (begins(name, "x-claude-code-")) return FieldClass::XClaudeCode;
      if (begins(name, "x-forwarded-")) return FieldClass::Forwarded;
      return FieldClass::Other;
    default: return FieldClass::Other;
  }
}

/// `found` if the name, whose length the caller has checked, is the literal; otherwise perhaps one of a family.
template <std::size_t N>
FieldClass either(std::string_view name, const char (&literal)[N], FieldClass found) {
  return begins(name, literal) ? found : classify_family(name);
}

}  // namespace

FieldClass classify(std::string_view name) {
  // No two names of one length below share their first letter unless listed together, so one comparison decides.
  const int first = name.empty() ? 0 : name.front() | 0x20;
  switch (name.size()) {
    case 0: return FieldClass::Other;
    case 2: return begins(name, "te") ? FieldClass::Te : FieldClass::Other;
    case 3: return begins(name, "via") ? FieldClass::Via : FieldClass::Other;
    case 4:
      if (begins(name, "host")) return FieldClass::Host;
      return begins(name, "date") ? FieldClass::Date : FieldClass::Other;
    case 6:
      switch (first) {
        case 'a': return begins(name, "accept") ? FieldClass::Accept : FieldClass::Other;
        case 'c': return begins(name, "cookie") ? FieldClass::Cookie : FieldClass::Other;
        case 'e': return begins(name, "expect") ? FieldClass::Expect : FieldClass::Other;
        case 's': return begins(name, "server") ? FieldClass::Server : FieldClass::Other;
        default: return either(name, "proxy-", FieldClass::Proxy);
      }
    case 7:
      if (begins(name, "trailer")) return FieldClass::Trailer;
      return either(name, "upgrade", FieldClass::Upgrade);
    case 8: return either(name, "location", FieldClass::Location);
    case 9:
      if (first == 'x') return begins(name, "x-api-key") ? FieldClass::XApiKey : FieldClass::Other;
      return either(name, "forwarded", FieldClass::Forwarded);
    case 10:
      switch (first) {
        case 'c': return begins(name, "connection") ? FieldClass::Connection : FieldClass::Other;
        case 'k': return begins(name, "keep-alive") ? FieldClass::KeepAlive : FieldClass::Other;
        case 'r': return begins(name, "request-id") ? FieldClass::RequestId : FieldClass::Other;
        case 's': return begins(name, "set-cookie") ? FieldClass::Cookie : FieldClass::Other;
        case 'u': return begins(name, "user-agent") ? FieldClass::UserAgent : FieldClass::Other;
        default: return classify_family(name);
      }
    case 11:
      if (begins(name, "traceparent")) return FieldClass::TraceParent;
      return either(name, "retry-after", FieldClass::RetryAfter);
    case 12:
      if (first == 'c') return begins(name, "content-type") ? FieldClass::ContentType : FieldClass::Other;
      return either(name, "x-request-id", FieldClass::XRequestId);
    case 13: return either(name, "authorization", FieldClass::Authorization);
    case 14:
      switch (first) {
        case 'a': return begins(name, "anthropic-beta") ? FieldClass::AnthropicBeta : FieldClass::Other;
        case 'c': return begins(name, "content-length") ? FieldClass::ContentLength : FieldClass::Other;
        default: return either(name, "x-should-retry", FieldClass::XShouldRetry);
      }
    case 15:
      if (first == 'i') return begins(name, "idempotency-key") ? FieldClass::IdempotencyKey : FieldClass::Other;
      return either(name, "accept-encoding", FieldClass::AcceptEncoding);
    case 16: return either(name, "content-encoding", FieldClass::ContentEncoding);
    case 17:
      if (begins(name, "transfer-encoding")) return FieldClass::TransferEncoding;
      return either(name, "anthropic-version", FieldClass::AnthropicVersion);
    case 22: return either(name, "anthropic-workspace-id", FieldClass::AnthropicWorkspaceId);
    case 25: return either(name, "anthropic-organization-id", FieldClass::AnthropicOrganizationId);
    default: return classify_family(name);
  }
}

}  // namespace tidegate::net::http1
