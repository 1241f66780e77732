// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/model_group.h"

#include <gtest/gtest.h>

namespace tidegate::llm {
namespace {

std::string group_of(std::string_view model) { return model_group(Endpoint::Messages, model, ""); }

TEST(ModelGroup, JoinsThoseThatShareLimits) {
  EXPECT_EQ(group_of("claude-opus-4-8"), "opus-4");
  EXPECT_EQ(group_of("claude-opus-4-5-20251101"), "opus-4");
  EXPECT_EQ(group_of("claude-opus-4-20250514"), "opus-4");
  EXPECT_EQ(group_of("claude-sonnet-4-6"), "sonnet-4");
  EXPECT_EQ(group_of("claude-fable-5-2"), "fable-5");
}

TEST(ModelGroup, KeepsApartThoseThatDoNot) {
  EXPECT_EQ(group_of("claude-opus-5"), "opus-5");
  EXPECT_EQ(group_of("claude-opus-5-5"), "opus-5-5");
  EXPECT_EQ(group_of("claude-haiku-4-5-20251001"), "haiku-4-5");
  EXPECT_EQ(group_of("claude-3-5-haiku-latest"), "haiku-3-5");
}

TEST(ModelGroup, FindsTheFamilyBehindARelaysPrefix) { EXPECT_EQ(group_of("anthropic/claude-sonnet-5"), "sonnet-5"); }

TEST(ModelGroup, IsTheModelItselfWhereNoFamilyIsNamed) {
  EXPECT_EQ(group_of("gpt-5.2"), "gpt-5.2");
  EXPECT_EQ(group_of("claude-latest"), "claude-latest");
  EXPECT_EQ(group_of(""), "");
}

TEST(ModelGroup, SetsFastModeBatchesAndCountingApart) {
  EXPECT_EQ(model_group(Endpoint::Messages, "claude-opus-5-5", "fast"), "opus-5-5:fast");
  EXPECT_EQ(model_group(Endpoint::CountTokens, "claude-opus-5-5", ""), "count_tokens");
  EXPECT_EQ(model_group(Endpoint::MessageBatches, "", ""), "batches");
}

}  // namespace
}  // namespace tidegate::llm
