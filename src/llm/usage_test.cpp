// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/usage.h"

#include <gtest/gtest.h>

namespace tidegate::llm {
namespace {

using Kind = UsageIteration::Kind;

TEST(BilledTokens, AreThoseOfTheTopLevelWithoutIterations) {
  Usage usage;
  usage.tokens = {.input = 100, .output = 50};
  EXPECT_EQ(billed_tokens(usage), usage.tokens);
  usage.iterations = {{Kind::Message, "", {}}};  // some relays repeat the list without its figures
  EXPECT_EQ(billed_tokens(usage), usage.tokens);
}

TEST(BilledTokens, AreTheSumOfTheIterations) {
  Usage usage;
  usage.tokens = {.input = 100, .output = 50};
  usage.iterations = {{Kind::Compaction, "", {.input = 200'000, .output = 3'000}},
                      {Kind::Message, "", {.input = 100, .cache_read = 7, .output = 50}}};
  EXPECT_EQ(billed_tokens(usage), (TokenCounts{.input = 200'100, .cache_read = 7, .output = 3'050}));
}

TEST(BilledTokens, LackAnAttemptThatDeclinedBeforeAFallbackServed) {
  Usage usage;
  usage.iterations = {{Kind::Message, "a", {.input = 1'000}}, {Kind::Message, "a", {.output = 40}}, {Kind::Fallback, "b", {.input = 1'000, .output = 9}}};
  EXPECT_EQ(billed_tokens(usage), (TokenCounts{.input = 1'000, .output = 49}));
}

}  // namespace
}  // namespace tidegate::llm
