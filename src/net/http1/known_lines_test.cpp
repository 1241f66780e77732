// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/known_lines.h"

#include "net/http1/head.h"
#include "net/http1/scan.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace tidegate::net::http1 {
namespace {

constexpr std::string_view kLines = "Host: a\r\nX-Odd: \t b \r\nEmpty:\r\nContent-Length: 17\r\n\r\n";

/// Reads `lines` as the field lines of a head.
scan::Step read(std::string_view lines, KnownLines& known, Head& head) {
  head.clear();
  scan::Cursor cursor{lines.data(), lines.data(), lines.data() + lines.size()};
  Rejection rejection;
  return scan::read_fields(cursor, HeadLimits{}, known, head, rejection);
}

bool stands(const KnownLines& known, std::size_t number, std::string_view line) {
  return known.find(number, line.data(), line.data() + line.size()) != nullptr;
}

TEST(KnownLines, AreThoseOfTheLastHeadAtTheirPlaces) {
  KnownLines known;
  Head head;
  ASSERT_EQ(read(kLines, known, head), scan::Step::Done);
  ASSERT_EQ(known.size(), 4U);
  EXPECT_TRUE(stands(known, 0, "Host: a\r\nand more"));
  EXPECT_FALSE(stands(known, 1, "Host: a\r\n")) << "at another place it is read anew";
  EXPECT_FALSE(stands(known, 0, "Host: a\r")) << "not all of it is there";
  EXPECT_FALSE(stands(known, 0, "host: a\r\n"));
  EXPECT_FALSE(stands(known, 0, "Host: ab\r\n"));
  EXPECT_FALSE(stands(known, 4, "\r\n"));
  const std::string_view line = "X-Odd: \t b \r\n";
  const KnownLines::Line* const odd = known.find(1, line.data(), line.data() + line.size());
  ASSERT_NE(odd, nullptr);
  EXPECT_EQ(odd->name(line.data()), "X-Odd");
  EXPECT_EQ(odd->value(line.data()), "b");
  EXPECT_EQ(odd->size, line.size());
}

TEST(KnownLines, GiveFieldsThatPointIntoTheNewBytes) {
  KnownLines known;
  Head head;
  ASSERT_EQ(read(kLines, known, head), scan::Step::Done);
  const std::string again = "Host: a\r\nX-Odd: \t b \r\nEmpty:\r\nContent-Length: 18\r\nMore: 1\r\n\r\n";
  ASSERT_EQ(read(again, known, head), scan::Step::Done);
  ASSERT_EQ(head.fields.size(), 5U);
  for (const HeaderField& field : head.fields) {
    EXPECT_GE(field.name.data(), again.data());
    EXPECT_LT(field.name.data(), again.data() + again.size());
  }
  EXPECT_EQ(head.fields[1], (HeaderField{"X-Odd", "b"}));
  EXPECT_EQ(head.fields[2], (HeaderField{"Empty", ""}));
  EXPECT_EQ(head.find(FieldClass::ContentLength), "18");
  EXPECT_EQ(known.size(), 5U);
  EXPECT_TRUE(stands(known, 3, "Content-Length: 18\r\n"));
}

TEST(KnownLines, AreNotThoseOfAHeadThatBrokeOffOrIsVeryLong) {
  KnownLines known;
  Head head;
  ASSERT_EQ(read(kLines, known, head), scan::Step::Done);
  EXPECT_EQ(read("Host: b\r\nX y: 1\r\n\r\n", known, head), scan::Step::Refused);
  EXPECT_EQ(read("Host: b\r\nX: 1\r\n", known, head), scan::Step::NeedMore);
  EXPECT_EQ(read("Host: b\r\nX: 1\r\n\r", known, head), scan::Step::NeedMore);
  EXPECT_TRUE(stands(known, 0, "Host: a\r\n"));
  const std::string long_one = "X: " + std::string(5000, 'x') + "\r\n\r\n";
  ASSERT_EQ(read(long_one, known, head), scan::Step::Done);
  EXPECT_EQ(known.size(), 0U);
  ASSERT_EQ(read("\r\n", known, head), scan::Step::Done);
  EXPECT_EQ(known.size(), 0U);
}

}  // namespace
}  // namespace tidegate::net::http1
