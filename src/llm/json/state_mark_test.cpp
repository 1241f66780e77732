// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/state_mark.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::llm::json {
namespace {

using Marks = std::vector<std::uint64_t>;

Marks marks_of(std::string_view text, std::size_t piece) {
  StateScanner scanner;
  Marks marks;
  for (std::size_t at = 0; at < text.size(); at += piece) scanner.feed(text.substr(at, piece), marks);
  return marks;
}

TEST(StateMark, IsTheSameInEveryVersion) {
  EXPECT_EQ(state_mark("a"), 0xaf63dc4c8601ec8cULL) << "FNV-1a of 64 bits, as published";
  EXPECT_EQ(state_mark(""), 0U);
}

TEST(StateMark, TakesASlashForASlashHoweverItIsWritten) {
  EXPECT_EQ(state_mark(R"(Ab\/c+\/)"), state_mark("Ab/c+/"));
  EXPECT_NE(state_mark(R"(a\\/)"), state_mark("a/")) << "that is a backslash and a slash";
  EXPECT_NE(state_mark(R"(a\n)"), state_mark("an"));
  StateMark pieces;
  pieces.add("Ab\\");
  pieces.add("/c");
  EXPECT_EQ(pieces.value(), state_mark("Ab/c"));
}

TEST(StateScanner, FindsWhatAnswersCarryHoweverTheyAreCut) {
  const std::string answer =
      R"({"id":"msg_1","content":[{"type":"thinking","thinking":"say \"signature\":\"no\" \\","signature" : "Sig\/1=="},)"
      R"({"type":"redacted_thinking","data":"Red+2"},{"type":"text","text":"signature"},{"type":"thinking","signature":""}],)"
      R"("output":[{"type":"reasoning","encrypted_content":"Enc3"},{"signature":null},{"signature":["x"]}],"signature":7})";
  const Marks expected{state_mark("Sig/1=="), state_mark("Red+2"), state_mark("Enc3")};
  for (std::size_t piece = 1; piece <= answer.size(); ++piece) EXPECT_EQ(marks_of(answer, piece), expected) << "in pieces of " << piece;
}

TEST(StateScanner, KeepsTheLastOfVeryMany) {
  std::string answer = "[";
  for (std::size_t i = 0; i < 3 * kMostStateMarks; ++i) answer += R"({"signature":"s)" + std::to_string(i) + "\"},";
  const Marks marks = marks_of(answer, answer.size());
  EXPECT_EQ(marks.size(), kMostStateMarks);
  EXPECT_EQ(marks.front(), state_mark("s0"));
  EXPECT_EQ(marks.back(), state_mark("s" + std::to_string(3 * kMostStateMarks - 1)));
}

TEST(StateScanner, TakesWhateverComes) {
  Marks marks;
  StateScanner scanner;
  scanner.feed("\xff\\\"signature\\\\\"::\"\"\"", marks);
  scanner.feed({}, marks);
  scanner.feed(std::string(10'000, '\\'), marks);
  SUCCEED();
}

}  // namespace
}  // namespace tidegate::llm::json
