// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
// The tables and sums of the vocabulary that are too small for a file each.
#include "llm/answer.h"
#include "llm/rate_limits.h"
#include "llm/upstream_error.h"
#include "llm/usage.h"

#include <algorithm>

namespace tidegate::llm {

std::string_view to_string(LimitDimension dimension) {
  switch (dimension) {
    case LimitDimension::Requests: return "requests";
    case LimitDimension::Tokens: return "tokens";
    case LimitDimension::InputTokens: return "input_tokens";
    case LimitDimension::OutputTokens: return "output_tokens";
    case LimitDimension::FastInputTokens: return "fast_input_tokens";
    case LimitDimension::FastOutputTokens: return "fast_output_tokens";
    case LimitDimension::PriorityInputTokens: return "priority_input_tokens";
    case LimitDimension::PriorityOutputTokens: return "priority_output_tokens";
  }
  return "unknown";
}

const LimitReading* RateLimitReading::find(LimitDimension dimension) const {
  for (const LimitReading& reading : limits) {
    if (reading.dimension == dimension) return &reading;
  }
  return nullptr;
}

std::string_view to_string(UpstreamErrorKind kind) {
  switch (kind) {
    case UpstreamErrorKind::None: return "";
    case UpstreamErrorKind::RateLimit: return "rate_limit";
    case UpstreamErrorKind::Ramp: return "ramp";
    case UpstreamErrorKind::Concurrency: return "concurrency";
    case UpstreamErrorKind::TierSpendCap: return "tier_spend_cap";
    case UpstreamErrorKind::ContractCap: return "contract_cap";
    case UpstreamErrorKind::OwnSpendLimit: return "own_spend_limit";
    case UpstreamErrorKind::Billing: return "billing";
    case UpstreamErrorKind::Authentication: return "authentication";
    case UpstreamErrorKind::Permission: return "permission";
    case UpstreamErrorKind::NotFound: return "not_found";
    case UpstreamErrorKind::TooLarge: return "too_large";
    case UpstreamErrorKind::InvalidRequest: return "invalid_request";
    case UpstreamErrorKind::Overloaded: return "overloaded";
    case UpstreamErrorKind::ServerError: return "server_error";
    case UpstreamErrorKind::Timeout: return "timeout";
    case UpstreamErrorKind::Connect: return "connect";
    case UpstreamErrorKind::Reset: return "reset";
    case UpstreamErrorKind::Truncated: return "truncated";
    case UpstreamErrorKind::MidStream: return "mid_stream";
    case UpstreamErrorKind::Protocol: return "protocol";
  }
  return "unknown";
}

TokenCounts& TokenCounts::operator+=(const TokenCounts& other) {
  input += other.input;
  cache_read += other.cache_read;
  cache_write_5m += other.cache_write_5m;
  cache_write_1h += other.cache_write_1h;
  output += other.output;
  reasoning += other.reasoning;
  return *this;
}

std::int64_t estimate_output_tokens(const AnswerFacts& facts) {
  constexpr std::int64_t kCharactersPerToken = 4;
  if (facts.usage.complete) return facts.usage.tokens.output;
  const std::int64_t seen = (facts.output_characters + kCharactersPerToken - 1) / kCharactersPerToken;
  return std::max(facts.usage.tokens.output, seen);
}

void estimate_missing_usage(AnswerFacts& facts) {
  if (facts.usage.complete) return;
  facts.usage.tokens.output = estimate_output_tokens(facts);
  facts.usage.estimated = true;
}

bool is_charged(const AnswerFacts& facts) {
  return facts.stop_reason != "refusal" || facts.content_started || facts.output_characters > 0;
}

}  // namespace tidegate::llm
