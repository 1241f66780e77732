// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/limit_headers.h"

#include <array>
#include <chrono>
#include <string>

namespace tidegate::llm::anthropic {

namespace {

struct Family {
  LimitDimension dimension;
  std::string_view limit, remaining, reset;
};
constexpr std::array<Family, 4> kFamilies{{
    {LimitDimension::Requests, "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining",
     "anthropic-ratelimit-requests-reset"},
    {LimitDimension::Tokens, "anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining",
     "anthropic-ratelimit-tokens-reset"},
    {LimitDimension::InputTokens, "anthropic-ratelimit-input-tokens-limit", "anthropic-ratelimit-input-tokens-remaining",
     "anthropic-ratelimit-input-tokens-reset"},
    {LimitDimension::OutputTokens, "anthropic-ratelimit-output-tokens-limit",
     "anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"},
}};

}  // namespace

std::vector<LimitHeader> write_rate_limits(std::span<const LimitReading> limits, WallTime now) {
  std::vector<LimitHeader> headers;
  for (const LimitReading& reading : limits) {
    for (const Family& family : kFamilies) {
      if (family.dimension != reading.dimension) continue;
      if (reading.limit) headers.push_back({family.limit, std::to_string(*reading.limit)});
      if (reading.remaining) headers.push_back({family.remaining, std::to_string(*reading.remaining)});
      if (reading.full_after) {
        headers.push_back({family.reset, to_rfc3339(std::chrono::ceil<Seconds>(now + *reading.full_after))});
      }
    }
  }
  return headers;
}

}  // namespace tidegate::llm::anthropic
