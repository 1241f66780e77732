// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/rate_limits.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidegate::llm::anthropic {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

RateLimitReading read(std::vector<HeaderField> fields) { return read_rate_limits(fields); }

TEST(AnthropicRateLimits, ReadsEveryFamilyInOrderOfDimension) {
  const RateLimitReading reading = read({{"anthropic-fast-output-tokens-limit", "7"},
                                         {"anthropic-priority-input-tokens-remaining", "9"},
                                         {"Anthropic-RateLimit-Requests-Limit", "4000"},
                                         {"anthropic-ratelimit-requests-remaining", "3999"},
                                         {"anthropic-ratelimit-requests-reset", "2026-01-01T00:00:30Z"},
                                         {"anthropic-ratelimit-tokens-limit", "2400000"},
                                         {"anthropic-ratelimit-input-tokens-remaining", "1999000"},
                                         {"anthropic-ratelimit-output-tokens-reset", "2025-12-31T23:59:00Z"},
                                         {"date", "Thu, 01 Jan 2026 00:00:00 GMT"},
                                         {"anthropic-organization-id", "org-1"},
                                         {"anthropic-workspace-id", "wrkspc_1"},
                                         {"content-type", "application/json"}});
  EXPECT_EQ(reading.limits, (std::vector<LimitReading>{
                                {LimitDimension::Requests, 4000, 3999, 30s},
                                {LimitDimension::Tokens, 2'400'000, {}, {}},
                                {LimitDimension::InputTokens, {}, 1'999'000, {}},
                                {LimitDimension::OutputTokens, {}, {}, 0s},
                                {LimitDimension::FastOutputTokens, 7, {}, {}},
                                {LimitDimension::PriorityInputTokens, {}, 9, {}},
                            }));
  EXPECT_EQ(reading.organisation, "org-1");
  EXPECT_EQ(reading.workspace, "wrkspc_1");
  ASSERT_NE(reading.find(LimitDimension::Requests), nullptr);
  EXPECT_EQ(reading.find(LimitDimension::PriorityOutputTokens), nullptr);
}

TEST(AnthropicRateLimits, KnowsNoResetWithoutTheAnswersOwnDate) {
  EXPECT_TRUE(read({{"anthropic-ratelimit-requests-reset", "2026-01-01T00:00:30Z"}}).limits.empty());
}

TEST(AnthropicRateLimits, TakesWhatCannotBeReadAsUnknown) {
  EXPECT_TRUE(read({{"anthropic-ratelimit-requests-limit", "-1"},
                    {"anthropic-ratelimit-tokens-limit", "many"},
                    {"anthropic-ratelimit-tokens-remaining", ""},
                    {"anthropic-ratelimit-requests-reset", "soon"},
                    {"date", "today"}})
                  .limits.empty());
}

TEST(AnthropicRateLimits, ReadsTheUnifiedWindowsOfASubscription) {
  const RateLimitReading reading = read({{"anthropic-ratelimit-unified-status", "allowed_warning"},
                                         {"anthropic-ratelimit-unified-reset", "1767225600"},
                                         {"anthropic-ratelimit-unified-5h-status", "allowed"},
                                         {"anthropic-ratelimit-unified-5h-utilization", "1.02"},
                                         {"anthropic-ratelimit-unified-7d_oi-utilization", "0.5"},
                                         {"anthropic-ratelimit-unified-representative-claim", "five_hour"},
                                         {"anthropic-ratelimit-unified-fallback-percentage", "0.5"}});
  const WallTime reset{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1).time_since_epoch()};
  EXPECT_EQ(reading.unified,
            (std::vector<UnifiedWindow>{
                {"", "allowed_warning", {}, reset}, {"5h", "allowed", 1.02, {}}, {"7d_oi", "", 0.5, {}}}));
}

TEST(AnthropicRateLimits, TakesNoWaitFromAnAbsurdDate) {
  const auto reading = read({{"date", "Thu, 01 Jan 1704 00:00:00 GMT"},
                             {"retry-after", "Fri, 01 Jan 2255 00:00:00 GMT"},
                             {"anthropic-ratelimit-requests-limit", "50"},
                             {"anthropic-ratelimit-requests-reset", "2255-01-01T00:00:00Z"}});
  EXPECT_EQ(reading.retry_after, std::nullopt);
  ASSERT_EQ(reading.limits.size(), 1U);
  EXPECT_EQ(reading.limits[0].full_after, std::nullopt);
}

TEST(AnthropicRateLimits, ReadsNamesInAnyCase) {
  const auto reading =
      read({{"ANTHROPIC-RateLimit-Requests-LIMIT", "50"}, {"Anthropic-Ratelimit-Unified-7D_OI-Status", "allowed"}});
  ASSERT_EQ(reading.limits.size(), 1U);
  EXPECT_EQ(reading.limits[0].limit, 50);
  ASSERT_EQ(reading.unified.size(), 1U);
  EXPECT_EQ(reading.unified[0].name, "7d_oi");
}

TEST(AnthropicRateLimits, ReadsRetryAfterInItsThreeForms) {
  EXPECT_EQ(read({{"retry-after", "7"}}).retry_after, 7s);
  EXPECT_EQ(read({{"retry-after", "0.5"}}).retry_after, 500ms);
  EXPECT_EQ(read({{"retry-after", "7"}, {"retry-after-ms", "1500"}}).retry_after, 1500ms);
  EXPECT_EQ(read({{"retry-after", "7"}, {"retry-after-ms", "x"}}).retry_after, 7s);
  EXPECT_EQ(
      read({{"Retry-After", "Thu, 01 Jan 2026 00:01:00 GMT"}, {"Date", "Thu, 01 Jan 2026 00:00:00 GMT"}}).retry_after,
      60s);
  EXPECT_EQ(
      read({{"retry-after", "Thu, 01 Jan 2026 00:00:00 GMT"}, {"date", "Thu, 01 Jan 2026 00:01:00 GMT"}}).retry_after,
      0s);
  EXPECT_EQ(read({{"retry-after", "Thu, 01 Jan 2026 00:01:00 GMT"}}).retry_after, std::nullopt);
  EXPECT_EQ(read({{"retry-after", "-5"}}).retry_after, std::nullopt);
  EXPECT_EQ(read({{"retry-after", "1e30"}}).retry_after, std::nullopt);
  EXPECT_EQ(read({}).retry_after, std::nullopt);
}

}  // namespace
}  // namespace tidegate::llm::anthropic
