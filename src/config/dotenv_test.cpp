// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/dotenv.h"

#include <gtest/gtest.h>

namespace tidegate::config {
namespace {

Environment parse(const std::string& text) {
  std::vector<Problem> problems;
  Environment environment = parse_dotenv({.name = ".env", .text = text}, problems);
  EXPECT_EQ(to_text(problems), "");
  return environment;
}

TEST(Dotenv, ReadsEveryWayOfWritingAValue) {
  const Environment environment = parse(
      "\xEF\xBB\xBF# a comment\n"
      "BARE=value with blanks   # and a comment\n"
      "  export EXPORTED = x\n"
      "\n"
      "SINGLE='as $it \\n is' # comment\n"
      "DOUBLE=\"two\\nlines \\\"quoted\\\" \\$5 \\\\ \\q\"\n"
      "EMPTY=\n"
      "ONLY_COMMENT=#nothing\n"
      "HASH=a#b\n"
      "DOLLAR=$HOME\r\n"
      "TWICE=1\nTWICE=2");
  EXPECT_EQ(environment, (Environment{{"BARE", "value with blanks"},
                                      {"EXPORTED", "x"},
                                      {"SINGLE", "as $it \\n is"},
                                      {"DOUBLE", "two\nlines \"quoted\" $5 \\ \\q"},
                                      {"EMPTY", ""},
                                      {"ONLY_COMMENT", ""},
                                      {"HASH", "a#b"},
                                      {"DOLLAR", "$HOME"},
                                      {"TWICE", "2"}}));
}

TEST(Dotenv, NamesBadLinesWithoutQuotingThem) {
  std::vector<Problem> problems;
  const Environment environment =
      parse_dotenv({.name = ".env", .text = "sk-ant-s3cr3t\nA=1\n9=s3cr3t\nB='s3cr3t\nC=\"s3cr3t\" more\n"}, problems);
  EXPECT_EQ(environment, (Environment{{"A", "1"}}));
  const std::string why = "expected NAME=value, with the value's quotes closed\n";
  EXPECT_EQ(to_text(problems), ".env:1:1: " + why + ".env:3:1: " + why + ".env:4:1: " + why + ".env:5:1: " + why);
}

TEST(Dotenv, YieldsToTheRealEnvironmentUnlessThatIsEmpty) {
  EXPECT_EQ(merge({{"A", "real"}, {"B", ""}}, {{"A", "file"}, {"B", "file"}, {"C", "file"}}),
            (Environment{{"A", "real"}, {"B", "file"}, {"C", "file"}}));
}

}  // namespace
}  // namespace tidegate::config
