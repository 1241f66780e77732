// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/translated_names.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::llm {
namespace {

TEST(ToolCallId, StaysAsItIsWhenBothDialectsTakeIt) {
  for (const char* id : {"toolu_01A09q90qw90lq917835lq9", "call_abc", "chatcmpl-tool-1f", "9charsID0"}) {
    EXPECT_EQ(plain_tool_call_id(id), id);
    EXPECT_EQ(original_tool_call_id(id), id);
  }
}

TEST(ToolCallId, ComesBackFromThePlainAlphabet) {
  EXPECT_EQ(plain_tool_call_id("functions.search:0"), "tgid_functions_2esearch_3a0");
  for (const std::string& id : {std::string("functions.search:0"), std::string("a b_c"), std::string("\xC3\xA9"),
                                std::string("tgid_x"), std::string("tgid__2e"), std::string()}) {
    const std::string plain = plain_tool_call_id(id);
    EXPECT_EQ(plain.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"),
              std::string::npos);
    EXPECT_EQ(original_tool_call_id(plain), id);
  }
  EXPECT_EQ(original_tool_call_id("tgid_bad_zz"), "tgid_bad_zz");
  EXPECT_EQ(original_tool_call_id("tgid_cut_2"), "tgid_cut_2");
}

TEST(Shortened, KeepsTheLimitAndTellsNamesApart) {
  EXPECT_EQ(shortened("short", 40), "short");
  const std::string long_name(100, 'a');
  EXPECT_EQ(shortened(long_name, 64).size(), 64U);
  EXPECT_EQ(shortened(long_name, 64), shortened(long_name, 64));
  EXPECT_NE(shortened(long_name + "b", 64), shortened(long_name + "c", 64));
}

TEST(AnswerId, TakesTheOtherDialectsForm) {
  EXPECT_EQ(answer_id("msg_", "chatcmpl-abc123", "req_1"), "msg_abc123");
  EXPECT_EQ(answer_id("chatcmpl-", "msg_01X", "req_1"), "chatcmpl-01X");
  EXPECT_EQ(answer_id("msg_", "0198/ab c", "req_1"), "msg_0198abc");
  EXPECT_EQ(answer_id("msg_", "", "req_1"), "msg_req_1");
}

}  // namespace
}  // namespace tidegate::llm
