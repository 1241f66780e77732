// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/rate_limit_headers.h"

#include "sim/model/latency.h"

#include <gtest/gtest.h>

namespace tidegate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SimRateLimitHeaders, RoundTokensToThousandsAndGiveTheTimeOfFullReplenishment) {
  const WallTime now = *parse_rfc3339("2026-11-23T10:00:00.700Z");
  RateLimitReading reading;
  reading.requests = LimitReading{50, 48.9, milliseconds(1400)};
  reading.input_tokens = LimitReading{30'000, 28'499, seconds(3)};
  reading.output_tokens = LimitReading{8'000, -300, seconds(63)};
  EXPECT_EQ(anthropic_rate_limit_headers(reading, now),
            "anthropic-ratelimit-requests-limit: 50\r\n"
            "anthropic-ratelimit-requests-remaining: 48\r\n"
            "anthropic-ratelimit-requests-reset: 2026-11-23T10:00:02Z\r\n"
            "anthropic-ratelimit-input-tokens-limit: 30000\r\n"
            "anthropic-ratelimit-input-tokens-remaining: 28000\r\n"
            "anthropic-ratelimit-input-tokens-reset: 2026-11-23T10:00:03Z\r\n"
            "anthropic-ratelimit-output-tokens-limit: 8000\r\n"
            "anthropic-ratelimit-output-tokens-remaining: 0\r\n"
            "anthropic-ratelimit-output-tokens-reset: 2026-11-23T10:01:03Z\r\n");
}

TEST(SimRateLimitHeaders, SpeakGoDurationsToOpenAiClients) {
  const std::pair<Nanoseconds, const char*> rows[] = {
      {Nanoseconds(0), "0s"},       {milliseconds(12), "12ms"},      {seconds(1), "1s"},          {milliseconds(1500), "1.5s"},
      {seconds(360), "6m0s"},       {seconds(5400), "1h30m0s"},      {milliseconds(61'250), "1m1.25s"},
  };
  for (const auto& [duration, text] : rows) EXPECT_EQ(go_duration(duration), text);
}

TEST(SimRateLimitHeaders, NeverTellAClientToRetryTooEarly) {
  EXPECT_EQ(retry_after_seconds(Nanoseconds(1)), 1);
  EXPECT_EQ(retry_after_seconds(seconds(3)), 3);
  EXPECT_EQ(retry_after_seconds(milliseconds(3001)), 4);
}

TEST(SimLatency, IsTheSameForTheSameSeedAndHasAHeavyTail) {
  LatencyModel one({}, 7);
  LatencyModel two({}, 7);
  std::int64_t sum = 0;
  std::int64_t longest = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t drawn = one.output_tokens();
    EXPECT_EQ(drawn, two.output_tokens());
    sum += drawn;
    longest = std::max(longest, drawn);
  }
  EXPECT_NEAR(static_cast<double>(sum) / 20'000, 250, 10);
  EXPECT_GT(longest, 3'000);
}

}  // namespace
}  // namespace tidegate::sim
