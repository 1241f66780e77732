// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/limit_headers.h"

#include "llm/openai/rate_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::llm::openai {
namespace {

TEST(OpenAiLimitHeaders, WriteDurationsAsGoDoes) {
  const struct {
    Nanoseconds full_after;
    const char* text;
  } rows[] = {
      {Nanoseconds(0), "0s"},       {Nanoseconds(1), "1ms"},        {Milliseconds(12), "12ms"}, {Milliseconds(1'500), "1.5s"},
      {Seconds(1), "1s"},           {Milliseconds(59'020), "59.02s"}, {Seconds(360), "6m0s"},     {Seconds(5'400), "1h30m0s"},
      {Milliseconds(60'001), "1m0.001s"},
  };
  for (const auto& row : rows) {
    const std::vector<LimitReading> limits{{LimitDimension::Requests, {}, {}, row.full_after}};
    EXPECT_THAT(write_rate_limits(limits), testing::ElementsAre(LimitHeader{"x-ratelimit-reset-requests", row.text}));
  }
}

TEST(OpenAiLimitHeaders, ReadBackAsTheyWereMeant) {
  const std::vector<LimitReading> limits{{LimitDimension::Requests, 500, 499, Milliseconds(120)},
                                         {LimitDimension::Tokens, 30'000, 0, Seconds(60)}};
  std::vector<LimitReading> with_more = limits;
  with_more.push_back({LimitDimension::InputTokens, 1, 1, Seconds(1)});  // a family that OpenAI does not have
  const auto headers = write_rate_limits(with_more);
  std::vector<HeaderField> fields;
  for (const LimitHeader& header : headers) fields.push_back({header.name, header.value});
  EXPECT_EQ(read_rate_limits(fields).limits, limits);
}

}  // namespace
}  // namespace tidegate::llm::openai
