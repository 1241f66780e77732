// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "base/ascii.h"
#include "base/header_field.h"
#include "base/number.h"

#include <gtest/gtest.h>

#include <array>

namespace tidegate {
namespace {

TEST(Ascii, ComparesHeaderNamesInAnyCase) {
  EXPECT_TRUE(equals_ignoring_case("X-Api-Key", "x-api-key"));
  EXPECT_FALSE(equals_ignoring_case("x-api-key", "x-api-keys"));
  EXPECT_TRUE(starts_with_ignoring_case("Bearer abc", "bearer "));
}

TEST(Ascii, TrimsBlanksAtBothEnds) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim("   "), "");
}

TEST(HeaderFields, GivesTheFirstOfAName) {
  const std::array<HeaderField, 2> fields{{{"A", "1"}, {"a", "2"}}};
  EXPECT_EQ(find_header(fields, "a"), "1");
  EXPECT_FALSE(find_header(fields, "b"));
}

TEST(Number, FillsTheWholeText) {
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_decimal("0.25"), 0.25);
  for (const char* text : {"", "1 ", "+1", "0x1", "12a", "99999999999999999999"}) EXPECT_FALSE(parse_integer(text)) << text;
  for (const char* text : {"", "nan", "inf", "1e999", "1.2.3"}) EXPECT_FALSE(parse_decimal(text)) << text;
}

}  // namespace
}  // namespace tidegate
