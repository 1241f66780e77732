// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/tie_board.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace tidegate::gateway {
namespace {

TEST(TieBoard, FindsTheKeyThatMadeAThing) {
  TieBoard ties;
  ties.note("openai", "resp_1", "KEY_B");
  EXPECT_EQ(ties.key_of("openai", "resp_1"), "KEY_B");
  EXPECT_EQ(ties.key_of("relay", "resp_1"), std::nullopt) << "another provider's ids are its own";
  EXPECT_EQ(ties.key_of("openai", "resp_2"), std::nullopt);
}

TEST(TieBoard, KeepsNoEmptyAndNoEndlessIds) {
  TieBoard ties;
  ties.note("openai", "", "KEY_A");
  ties.note("openai", std::string(10'000, 'x'), "KEY_A");
  EXPECT_EQ(ties.key_of("openai", ""), std::nullopt);
  EXPECT_EQ(ties.key_of("openai", std::string(10'000, 'x')), std::nullopt);
}

TEST(TieBoard, LetsTheOldestGo) {
  TieBoard ties(64);
  for (int i = 0; i < 10'000; ++i) ties.note("p", std::to_string(i), "KEY_A");
  int kept = 0;
  for (int i = 0; i < 10'000; ++i) kept += ties.key_of("p", std::to_string(i)).has_value() ? 1 : 0;
  EXPECT_EQ(kept, 64);
  EXPECT_TRUE(ties.key_of("p", "9999").has_value());
  EXPECT_FALSE(ties.key_of("p", "0").has_value());
}

TEST(TieBoard, ServesManyThreadsAtOnce) {
  TieBoard ties(256);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&ties, t] {
      for (int i = 0; i < 2'000; ++i) {
        ties.note("p", std::to_string(i % 300), "KEY_" + std::to_string(t));
        const auto key = ties.key_of("p", std::to_string(i % 300));
        EXPECT_TRUE(!key || key->starts_with("KEY_"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tidegate::gateway
