// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/text_scan.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tidegate::llm::json {
namespace {

std::size_t string_end_one_by_one(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); ++at) {
    if (text[at] == '"') return at;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

TEST(TextScan, FindsTheSameStringEndAsAWalkByteByByte) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 70 + (round % 4 == 0 ? random() % 300 : 0), 'x');
    const unsigned one_in = round % 5 == 0 ? 150 : 10;  // sometimes nothing to see for several blocks
    for (char& c : text) {
      const auto draw = random() % one_in;
      if (draw == 0) c = '\\';
      if (draw == 1 && round % 3 == 0) c = '"';
    }
    const std::size_t from = text.empty() ? 0 : random() % text.size();
    ASSERT_EQ(find_string_end(text, from), string_end_one_by_one(text, from)) << text << " from " << from;
  }
}

TEST(TextScan, FindsTheFirstLineEndWhereverItStands) {
  for (std::size_t length = 0; length < 180; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      std::string text(length, 'x');
      text[at] = at % 2 == 0 ? '\n' : '\r';
      EXPECT_EQ(find_line_end(text, 0), at);
      EXPECT_EQ(find_line_end(text, at + 1), std::string::npos);
    }
  }
}

TEST(TextScan, TellsWhatMeansItself) {
  for (std::size_t length = 0; length < 40; ++length) {
    std::string text(length, ']');  // next to the backslash
    EXPECT_TRUE(is_plain(text));
    for (std::size_t at = 0; at < length; ++at) {
      for (const char c : {'\\', '\x80', '\xdc', '\xff'}) {
        text[at] = c;
        EXPECT_FALSE(is_plain(text)) << length << " " << at;
      }
      text[at] = '[';
      EXPECT_TRUE(is_plain(text));
    }
  }
}

}  // namespace
}  // namespace tidegate::llm::json
