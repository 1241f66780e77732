// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/tie_board.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace tidegate::gateway {
namespace {

const Holder kA{"KEY_A", "org-1"};
const Holder kB{"KEY_B", "org-2"};
constexpr TieKind kAnswer = TieKind::Answer;

TEST(TieBoard, FindsWhoHoldsAThing) {
  TieBoard ties;
  ties.note(kAnswer, "openai", "resp_1", kB);
  EXPECT_EQ(ties.holder_of(kAnswer, "openai", "resp_1"), kB);
  EXPECT_EQ(ties.holder_of(kAnswer, "relay", "resp_1"), std::nullopt) << "another provider's ids are its own";
  EXPECT_EQ(ties.holder_of(kAnswer, "openai", "resp_2"), std::nullopt);
}

TEST(TieBoard, KeepsNoEmptyAndNoEndlessIds) {
  TieBoard ties;
  ties.note(kAnswer, "openai", "", kA);
  ties.note(kAnswer, "openai", std::string(10'000, 'x'), kA);
  EXPECT_EQ(ties.holder_of(kAnswer, "openai", ""), std::nullopt);
  EXPECT_EQ(ties.holder_of(kAnswer, "openai", std::string(10'000, 'x')), std::nullopt);
  EXPECT_TRUE(ties.take_news().empty());
}

TEST(TieBoard, LetsTheOldestOfAKindGo) {
  TieBoard ties({64, 64, 64});
  ties.note(TieKind::Object, "p", "batch", kA);
  for (int i = 0; i < 10'000; ++i) ties.note(kAnswer, "p", std::to_string(i), kA);
  int kept = 0;
  for (int i = 0; i < 10'000; ++i) kept += ties.holder_of(kAnswer, "p", std::to_string(i)).has_value() ? 1 : 0;
  EXPECT_EQ(kept, 64);
  EXPECT_TRUE(ties.holder_of(kAnswer, "p", "9999").has_value());
  EXPECT_FALSE(ties.holder_of(kAnswer, "p", "0").has_value());
  EXPECT_TRUE(ties.holder_of(TieKind::Object, "p", "batch").has_value()) << "many answers push out no batch";
  EXPECT_EQ(ties.take_news().size(), 65U) << "what has given way is no news";
}

TEST(TieBoard, TellsOnceWhatIsNew) {
  TieBoard ties;
  ties.restore({TieKind::Object, "p", "file_1", kA});
  EXPECT_EQ(ties.holder_of(TieKind::Object, "p", "file_1"), kA);
  EXPECT_TRUE(ties.take_news().empty()) << "what was stored need not be stored again";

  ties.note(TieKind::Object, "p", "file_1", kA);
  EXPECT_TRUE(ties.take_news().empty()) << "nothing has changed";
  ties.note(TieKind::Object, "p", "file_1", kB);
  ties.note(TieKind::Object, "p", "file_1", kA);
  ties.restore({TieKind::Object, "p", "file_1", kB});
  EXPECT_EQ(ties.holder_of(TieKind::Object, "p", "file_1"), kA) << "what was stored is older than what is known";
  ties.note(TieKind::Conversation, "q", "session", kB);
  const std::vector<TieBoard::Tie> expected{{TieKind::Object, "p", "file_1", kA}, {TieKind::Conversation, "q", "session", kB}};
  EXPECT_EQ(ties.take_news(), expected) << "each with its last holder";
  EXPECT_TRUE(ties.take_news().empty());
}

TEST(TieBoard, ServesManyThreadsAtOnce) {
  TieBoard ties({256, 256, 256});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&ties, t] {
      for (int i = 0; i < 2'000; ++i) {
        ties.note(kAnswer, "p", std::to_string(i % 300), {"KEY_" + std::to_string(t), "org"});
        const auto holder = ties.holder_of(kAnswer, "p", std::to_string(i % 300));
        EXPECT_TRUE(!holder || holder->key.starts_with("KEY_"));
        if (i % 100 == 0) {
          EXPECT_LE(ties.take_news().size(), 256U);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tidegate::gateway
