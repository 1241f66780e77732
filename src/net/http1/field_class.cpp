// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/field_class.h"

#include "base/header_field.h"

namespace tidegate::net::http1 {
namespace {

/// The families, told by their beginnings.
FieldClass classify_family(std::string_view name) {
  switch (name.front() | 0x20) {
    case 'a':
      if (name_begins(name, "anthropic-ratelimit-")) return FieldClass::AnthropicRateLimit;
      if (name_begins(name, "anthropic-priority-")) return FieldClass::AnthropicRateLimit;
      if (name_begins(name, "anthropic-fast-")) return FieldClass::AnthropicRateLimit;
      return FieldClass::Other;
    case 'p': return name_begins(name, "proxy-") ? FieldClass::Proxy : FieldClass::Other;
    case 'x':
      if (name_begins(name, "x-ratelimit-")) return FieldClass::XRateLimit;
      if (name_begins(name, "x-claude-code-")) return FieldClass::XClaudeCode;
      if (name_begins(name, "x-forwarded-")) return FieldClass::Forwarded;
      return FieldClass::Other;
    default: return FieldClass::Other;
  }
}

/// `found` if the name, whose length the caller has checked, is the literal; otherwise perhaps one of a family.
template <std::size_t N>
FieldClass either(std::string_view name, const char (&literal)[N], FieldClass found) {
  return name_begins(name, literal) ? found : classify_family(name);
}

}  // namespace

FieldClass classify(std::string_view name) {
  // No two names of one length below share their first letter unless listed together, so one comparison decides.
  const int first = name.empty() ? 0 : name.front() | 0x20;
  switch (name.size()) {
    case 0: return FieldClass::Other;
    case 2: return name_begins(name, "te") ? FieldClass::Te : FieldClass::Other;
    case 3: return name_begins(name, "via") ? FieldClass::Via : FieldClass::Other;
    case 4:
      if (name_begins(name, "host")) return FieldClass::Host;
      return name_begins(name, "date") ? FieldClass::Date : FieldClass::Other;
    case 6:
      switch (first) {
        case 'a': return name_begins(name, "accept") ? FieldClass::Accept : FieldClass::Other;
        case 'c': return name_begins(name, "cookie") ? FieldClass::Cookie : FieldClass::Other;
        case 'e': return name_begins(name, "expect") ? FieldClass::Expect : FieldClass::Other;
        case 's': return name_begins(name, "server") ? FieldClass::Server : FieldClass::Other;
        default: return either(name, "proxy-", FieldClass::Proxy);
      }
    case 7:
      if (name_begins(name, "trailer")) return FieldClass::Trailer;
      return either(name, "upgrade", FieldClass::Upgrade);
    case 8: return either(name, "location", FieldClass::Location);
    case 9:
      if (first == 'x') return name_begins(name, "x-api-key") ? FieldClass::XApiKey : FieldClass::Other;
      return either(name, "forwarded", FieldClass::Forwarded);
    case 10:
      switch (first) {
        case 'c': return name_begins(name, "connection") ? FieldClass::Connection : FieldClass::Other;
        case 'k': return name_begins(name, "keep-alive") ? FieldClass::KeepAlive : FieldClass::Other;
        case 'r': return name_begins(name, "request-id") ? FieldClass::RequestId : FieldClass::Other;
        case 's': return name_begins(name, "set-cookie") ? FieldClass::Cookie : FieldClass::Other;
        case 'u': return name_begins(name, "user-agent") ? FieldClass::UserAgent : FieldClass::Other;
        default: return classify_family(name);
      }
    case 11:
      if (name_begins(name, "traceparent")) return FieldClass::TraceParent;
      return either(name, "retry-after", FieldClass::RetryAfter);
    case 12:
      if (first == 'c') return name_begins(name, "content-type") ? FieldClass::ContentType : FieldClass::Other;
      return either(name, "x-request-id", FieldClass::XRequestId);
    case 13: return either(name, "authorization", FieldClass::Authorization);
    case 14:
      switch (first) {
        case 'a': return name_begins(name, "anthropic-beta") ? FieldClass::AnthropicBeta : FieldClass::Other;
        case 'c': return name_begins(name, "content-length") ? FieldClass::ContentLength : FieldClass::Other;
        default: return either(name, "x-should-retry", FieldClass::XShouldRetry);
      }
    case 15:
      if (first == 'i') return name_begins(name, "idempotency-key") ? FieldClass::IdempotencyKey : FieldClass::Other;
      return either(name, "accept-encoding", FieldClass::AcceptEncoding);
    case 16: return either(name, "content-encoding", FieldClass::ContentEncoding);
    case 17:
      if (name_begins(name, "transfer-encoding")) return FieldClass::TransferEncoding;
      return either(name, "anthropic-version", FieldClass::AnthropicVersion);
    case 22: return either(name, "anthropic-workspace-id", FieldClass::AnthropicWorkspaceId);
    case 25: return either(name, "anthropic-organization-id", FieldClass::AnthropicOrganizationId);
    default: return classify_family(name);
  }
}

}  // namespace tidegate::net::http1
