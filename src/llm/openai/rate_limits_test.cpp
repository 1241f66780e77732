// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/rate_limits.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidegate::llm::openai {
namespace {

RateLimitReading read(std::vector<HeaderField> fields) { return read_rate_limits(fields); }

TEST(OpenAiRateLimits, ReadsRequestsAndTokens) {
  const RateLimitReading reading = read({{"x-ratelimit-limit-requests", "10000"},
                                         {"x-ratelimit-remaining-requests", "9999"},
                                         {"X-RateLimit-Reset-Requests", "6ms"},
                                         {"x-ratelimit-limit-tokens", "2000000"},
                                         {"x-ratelimit-limit-tokens_usage_based", "1"},
                                         {"openai-organization", "org"},
                                         {"retry-after", "2"}});
  EXPECT_EQ(reading.limits, (std::vector<LimitReading>{{LimitDimension::Requests, 10'000, 9'999, Milliseconds(6)},
                                                       {LimitDimension::Tokens, 2'000'000, {}, {}}}));
  EXPECT_EQ(reading.organisation, "org");
  EXPECT_EQ(reading.retry_after, Seconds(2));
}

TEST(OpenAiRateLimits, ReadsDurationsAsGoAndAzureWriteThem) {
  struct Case {
    std::string_view text;
    std::optional<Nanoseconds> expected;
  };
  const Case cases[] = {{"1s", Seconds(1)},           {"6m0s", Seconds(360)},
                        {"12ms", Milliseconds(12)},   {"1h30m0s", Seconds(5400)},
                        {"1.5s", Milliseconds(1500)}, {"0s", Seconds(0)},
                        {"60", Seconds(60)},          {"0.25", Milliseconds(250)},
                        {"-1", std::nullopt},         {"1767225600000", std::nullopt},
                        {"soon", std::nullopt},       {"", std::nullopt}};
  for (const Case& c : cases) {
    const RateLimitReading reading = read({{"x-ratelimit-limit-tokens", "1"}, {"x-ratelimit-reset-tokens", c.text}});
    EXPECT_EQ(reading.limits[0].full_after, c.expected) << c.text;
  }
}

TEST(OpenAiRateLimits, TakesAzuresMinusOneAsUnknown) {
  EXPECT_TRUE(read({{"x-ratelimit-limit-tokens", "-1"}, {"x-ratelimit-remaining-tokens", "-1"}}).limits.empty());
}

}  // namespace
}  // namespace tidegate::llm::openai
