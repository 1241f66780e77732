// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

WindowTotals busy_minute() {
  return {.requests = 1'000,
          .errors = 35,
          .input_tokens = 200'000,
          .output_tokens = 30'000,
          .cache_read_tokens = 1'000'000,
          .cache_write_tokens = 4'567,
          .cost = Money::dollars(9),
          .errors_by_kind = {{"rate_limit", 30}, {"overloaded", 5}}};
}

SmallestRemaining nine_of_fifty() { return {.pool = "main", .dimension = "requests", .remaining = 9.7, .limit = 50}; }

TEST(Guard, LetsEverythingPassThatNobodyLimited) {
  EXPECT_THAT(evaluate_guard(busy_minute(), GuardLimits{}, nine_of_fifty()), IsEmpty());
}

TEST(Guard, AllowsWhatIsExactlyAtTheLimit) {
  const GuardLimits limits{.max_requests = 1'000, .max_tokens = 1'234'567, .max_error_ratio = 0.035, .min_left = 0.194};
  EXPECT_THAT(evaluate_guard(busy_minute(), limits, nine_of_fifty()), IsEmpty());
}

TEST(Guard, SaysInPlainWordsWhatIsOverstepped) {
  const GuardLimits limits{.max_requests = 999, .max_tokens = 1'000'000, .max_error_ratio = 0.02, .min_left = 0.2};
  EXPECT_THAT(
      evaluate_guard(busy_minute(), limits, nine_of_fifty()),
      ElementsAre(
          Breach{Breach::Kind::Requests, "1,000 requests in the last 1m, more than the 999 allowed"},
          Breach{Breach::Kind::Tokens,
                 "1,234,567 tokens in the last 1m, more than the 1,000,000 allowed (input 200,000, output 30,000, "
                 "cache read "
                 "1,000,000, cache write 4,567)"},
          Breach{Breach::Kind::Errors,
                 "35 of 1,000 requests in the last 1m failed (3.5%), more than the 2% allowed: rate_limit 30, "
                 "overloaded 5"},
          Breach{Breach::Kind::Left,
                 "pool main has 19.4% of its requests left (9 of 50 per minute), less than the 20% to be kept"}));
}

TEST(Guard, TakesNoReadingAndNoRequestForNoBreach) {
  const GuardLimits limits{.max_requests = 0, .max_tokens = 0, .max_error_ratio = 0, .min_left = 1};
  EXPECT_THAT(evaluate_guard(WindowTotals{}, limits, std::nullopt), IsEmpty());
}

}  // namespace
}  // namespace tidegate::monitor
