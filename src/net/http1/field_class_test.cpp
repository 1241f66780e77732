// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/field_class.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tidegate::net::http1 {
namespace {

const std::vector<std::pair<std::string, FieldClass>> kNames = {
    {"host", FieldClass::Host},
    {"content-length", FieldClass::ContentLength},
    {"transfer-encoding", FieldClass::TransferEncoding},
    {"expect", FieldClass::Expect},
    {"connection", FieldClass::Connection},
    {"keep-alive", FieldClass::KeepAlive},
    {"proxy-", FieldClass::Proxy},
    {"proxy-x", FieldClass::Proxy},
    {"proxy-connection", FieldClass::Proxy},
    {"proxy-authorization", FieldClass::Proxy},
    {"proxy-authenticate", FieldClass::Proxy},
    {"te", FieldClass::Te},
    {"trailer", FieldClass::Trailer},
    {"upgrade", FieldClass::Upgrade},
    {"authorization", FieldClass::Authorization},
    {"x-api-key", FieldClass::XApiKey},
    {"cookie", FieldClass::Cookie},
    {"set-cookie", FieldClass::Cookie},
    {"accept", FieldClass::Accept},
    {"accept-encoding", FieldClass::AcceptEncoding},
    {"content-encoding", FieldClass::ContentEncoding},
    {"content-type", FieldClass::ContentType},
    {"date", FieldClass::Date},
    {"server", FieldClass::Server},
    {"location", FieldClass::Location},
    {"retry-after", FieldClass::RetryAfter},
    {"x-should-retry", FieldClass::XShouldRetry},
    {"request-id", FieldClass::RequestId},
    {"x-request-id", FieldClass::XRequestId},
    {"anthropic-organization-id", FieldClass::AnthropicOrganizationId},
    {"anthropic-workspace-id", FieldClass::AnthropicWorkspaceId},
    {"anthropic-ratelimit-requests-limit", FieldClass::AnthropicRateLimit},
    {"anthropic-ratelimit-unified-status", FieldClass::AnthropicRateLimit},
    {"anthropic-priority-input-tokens-reset", FieldClass::AnthropicRateLimit},
    {"anthropic-fast-output-tokens-limit", FieldClass::AnthropicRateLimit},
    {"x-ratelimit-limit-tokens", FieldClass::XRateLimit},
    {"x-ratelimit-limit", FieldClass::XRateLimit},
    {"anthropic-version", FieldClass::AnthropicVersion},
    {"anthropic-beta", FieldClass::AnthropicBeta},
    {"user-agent", FieldClass::UserAgent},
    {"x-claude-code-session-id", FieldClass::XClaudeCode},
    {"idempotency-key", FieldClass::IdempotencyKey},
    {"traceparent", FieldClass::TraceParent},
    {"forwarded", FieldClass::Forwarded},
    {"x-forwarded-for", FieldClass::Forwarded},
    {"via", FieldClass::Via},
};

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return text;
}

bool is_family(FieldClass field) {
  return field == FieldClass::Proxy || field == FieldClass::AnthropicRateLimit || field == FieldClass::XRateLimit ||
         field == FieldClass::XClaudeCode || field == FieldClass::Forwarded;
}

TEST(FieldClass, KnowsItsNamesInAnyCase) {
  for (const auto& [name, expected] : kNames) {
    EXPECT_EQ(classify(name), expected) << name;
    EXPECT_EQ(classify(upper(name)), expected) << name;
  }
}

TEST(FieldClass, IsNotFooledByAnyOtherCharacter) {
  constexpr std::string_view token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const auto& [name, expected] : kNames) {
    if (is_family(expected)) continue;
    for (std::size_t at = 0; at < name.size(); ++at) {
      for (const char c : token) {
        std::string other = name;
        other[at] = c;
        const bool same = upper(other) == upper(name);
        EXPECT_EQ(classify(other) == expected, same) << other;
      }
    }
    EXPECT_NE(classify(name + "s"), expected) << name;
    EXPECT_NE(classify(name.substr(0, name.size() - 1)), expected) << name;
  }
}

TEST(FieldClass, LeavesTheRestAlone) {
  for (const char* name :
       {"", "a", "x", "proxy", "x-ratelimit", "anthropic-", "anthropic-ratelimit",
        "anthropic-dangerous-direct-browser-access", "cf-ray", "x-stainless-lang", "accept-language"}) {
    EXPECT_EQ(classify(name), FieldClass::Other) << name;
  }
}

}  // namespace
}  // namespace tidegate::net::http1
