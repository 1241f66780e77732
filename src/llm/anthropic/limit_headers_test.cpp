// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/limit_headers.h"

#include "llm/anthropic/rate_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::llm::anthropic {
namespace {

TEST(AnthropicLimitHeaders, AreWrittenAsTheApiWritesThem) {
  const WallTime now = parse_rfc3339("2026-05-01T12:00:00.400Z").value();
  const std::vector<LimitReading> limits{{LimitDimension::Requests, 50, 49, Milliseconds(1'200)},
                                         {LimitDimension::Tokens, 40'000, {}, {}},
                                         {LimitDimension::FastInputTokens, 1, 1, Seconds(1)}};
  EXPECT_THAT(write_rate_limits(limits, now),
              testing::ElementsAre(LimitHeader{"anthropic-ratelimit-requests-limit", "50"},
                                   LimitHeader{"anthropic-ratelimit-requests-remaining", "49"},
                                   LimitHeader{"anthropic-ratelimit-requests-reset", "2026-05-01T12:00:02Z"},
                                   LimitHeader{"anthropic-ratelimit-tokens-limit", "40000"}));
}

TEST(AnthropicLimitHeaders, ReadBackAsTheyWereMeant) {
  const WallTime now = parse_rfc3339("2026-05-01T12:00:00Z").value();
  const std::vector<LimitReading> limits{{LimitDimension::Requests, 50, 0, Seconds(60)},
                                         {LimitDimension::Tokens, 900, 30, Seconds(58)},
                                         {LimitDimension::InputTokens, 500, 20, Seconds(3)},
                                         {LimitDimension::OutputTokens, 400, 10, Seconds(0)}};
  const auto headers = write_rate_limits(limits, now);
  std::vector<HeaderField> fields{{"date", "Fri, 01 May 2026 12:00:00 GMT"}};
  for (const LimitHeader& header : headers) fields.push_back({header.name, header.value});
  EXPECT_EQ(read_rate_limits(fields).limits, limits);
}

}  // namespace
}  // namespace tidegate::llm::anthropic
