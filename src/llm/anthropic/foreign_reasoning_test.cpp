// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/conversation.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::llm::anthropic {
namespace {

const std::string kForeign = R"({"type":"thinking","thinking":"a [1] \"b\"","signature":"tidegate-unsigned"})";
const std::string kOwn = R"({"type":"thinking","thinking":"c","signature":"c2ln"})";
const std::string kText = R"({"type":"text","text":"signature: tidegate-unsigned"})";

std::string body_with(const std::string& content) {
  return R"({ "model":"m", "messages":[{"role":"user","content":"hi"}, {"role":"assistant", "content":[)" + content +
         R"(]}],  "max_tokens":1.0e2})";
}

TEST(ForeignReasoning, LeavesTheBodyAndNothingElseChanges) {
  struct Example {
    std::string before;
    std::string after;
  };
  const Example examples[] = {
      {kForeign + ", " + kText, kText},
      {kOwn + " , " + kForeign + " ,\n" + kText, kOwn + " ,\n" + kText},
      {kText + "," + kForeign, kText},
      {kForeign + "," + kForeign + "," + kText + "," + kForeign + "," + kForeign + "," + kOwn, kText + "," + kOwn},
      {kForeign, ""},
      {kOwn + "," + kText, kOwn + "," + kText}};
  for (const Example& example : examples) {
    EXPECT_EQ(without_foreign_reasoning(body_with(example.before)), body_with(example.after));
  }
}

TEST(ForeignReasoning, LeavesAloneWhatItCannotRead) {
  for (const std::string& body : {std::string("{\"messages\":[" + kForeign), kForeign, std::string("tidegate-unsigned"),
                                  "{\"messages\":[{\"content\":\""
                                  "tidegate-unsigned\"}]}" +
                                      std::string()}) {
    EXPECT_EQ(without_foreign_reasoning(body), body);
  }
}

}  // namespace
}  // namespace tidegate::llm::anthropic
