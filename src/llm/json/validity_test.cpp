// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/validity.h"

#include "llm/json/writer.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

namespace tidegate::llm::json {
namespace {

TEST(JsonValidity, AgreesWithSimdjsonOnTextsThatAreAlmostJson) {
  const char* const texts[] = {"{}",
                               "[]",
                               "{\"a\":1}",
                               " {\"a\" : [1, 2.5e-3, -0, {\"b\":null}]} \n",
                               "[1,]",
                               "{\"a\":}",
                               "{\"a\":1,}",
                               "{,}",
                               "[,1]",
                               "01",
                               "-",
                               "1.",
                               "1.e3",
                               "1e",
                               "1e+",
                               "1E+5",
                               "0.5",
                               "-0.0",
                               "tru",
                               "true",
                               "nul",
                               "\"\\x\"",
                               "\"\\u12\"",
                               "\"\\u12ab\"",
                               "\"a\nb\"",
                               "\"open",
                               "{\"a\" 1}",
                               "[1 2]",
                               "{}{}",
                               "[[[[]]]]",
                               "[}",
                               "{]",
                               "",
                               " ",
                               "{\"a\":1",
                               "\"\\",
                               "[\"\\\"\"]",
                               "{1:2}",
                               "123456789012345678901234567890",
                               "[1e400]"};
  for (const char* text : texts) {
    simdjson::dom::parser parser;
    // Numbers beyond 64 bits are valid JSON that simdjson cannot hold.
    const bool is_large = std::string(text) == "123456789012345678901234567890" || std::string(text) == "[1e400]";
    const bool valid = is_large || parser.parse(std::string(text)).error() == simdjson::SUCCESS;
    EXPECT_EQ(is_valid(text), valid) << text;
  }
}

TEST(JsonValidity, BoundsTheDepthWithoutRecursion) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + "1" + std::string(depth, ']'); };
  EXPECT_TRUE(is_valid(nested(kDeepest)));
  EXPECT_FALSE(is_valid(nested(kDeepest + 1)));
  EXPECT_FALSE(is_valid(std::string(1'000'000, '[')));
}

TEST(JsonValidity, TellsAnObjectFromOtherValues) {
  EXPECT_TRUE(is_valid_object(" {\"a\":1} "));
  EXPECT_FALSE(is_valid_object("[1]"));
  EXPECT_FALSE(is_valid_object("{\"a\":"));
}

TEST(JsonWriter, SeparatesMembersAndKeepsRawValues) {
  std::string out = "data: ";
  Writer writer(out);
  writer.begin_object();
  writer.text_member("text", "a\"b\n{");
  writer.begin_array_member("list");
  writer.raw("1.50");
  writer.begin_object();
  writer.end_object();
  writer.boolean(false);
  writer.end_array();
  writer.null_member("none");
  writer.number_member("count", -7);
  writer.end_object();
  EXPECT_EQ(out, "data: {\"text\":\"a\\\"b\\n{\",\"list\":[1.50,{},false],\"none\":null,\"count\":-7}");
}

}  // namespace
}  // namespace tidegate::llm::json
