// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/losses.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::llm {
namespace {

TEST(Losses, KeepEachNameOnceWithItsGreatestWeight) {
  Losses losses;
  losses.add("cache_control", LossWeight::Hint);
  losses.add("top_k", LossWeight::Meaning);
  losses.add("cache_control", LossWeight::Hint);
  EXPECT_EQ(losses.to_string(), "cache_control, top_k");
  EXPECT_TRUE(losses.change_meaning());
  Losses hints;
  hints.add("top_k", LossWeight::Hint);
  EXPECT_FALSE(hints.change_meaning());
  hints.add_all(losses);
  EXPECT_EQ(hints.all().front(), (Loss{"top_k", LossWeight::Meaning}));
}

TEST(Losses, NeverRepeatWhatAClientWroteAsAName) {
  Losses losses;
  losses.add("my secret: 42", LossWeight::Hint);
  losses.add(std::string(65, 'a'), LossWeight::Hint);
  losses.add("tools", "evil\r\nheader", LossWeight::Hint);
  EXPECT_EQ(losses.to_string(), "unknown, tools.unknown");
}

TEST(Losses, AreBounded) {
  Losses losses;
  for (int i = 0; i < 1000; ++i)
    losses.add("field" + std::to_string(i), i == 999 ? LossWeight::Meaning : LossWeight::Hint);
  EXPECT_EQ(losses.all().size(), Losses::kMost);
  EXPECT_EQ(losses.all().back(), (Loss{"more", LossWeight::Meaning}));
}

}  // namespace
}  // namespace tidegate::llm
