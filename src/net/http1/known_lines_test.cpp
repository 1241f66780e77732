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

/// How many lines from that number on stand in `bytes` again.
std::size_t again(const KnownLines& known, std::size_t number, std::string_view bytes) {
  std::size_t count = 0;
  std::size_t size = 0;
  const auto note = [&](const KnownLines::Line& line, const char*) {
    ++count;
    size += line.size;
  };
  const char* const end = known.for_each_again(number, bytes.data(), bytes.data() + bytes.size(), note);
  EXPECT_EQ(end, bytes.data() + size);
  return count;
}

TEST(KnownLines, AreThoseOfTheLastHeadAtTheirPlaces) {
  KnownLines known;
  Head head;
  ASSERT_EQ(read(kLines, known, head), scan::Step::Done);
  ASSERT_EQ(known.size(), 4U);
  EXPECT_EQ(again(known, 0, "Host: a\r\nand more"), 1U);
  EXPECT_EQ(again(known, 0, kLines), 4U);
  EXPECT_EQ(again(known, 1, kLines.substr(9)), 3U);
  EXPECT_EQ(again(known, 1, "Host: a\r\n"), 0U) << "at another place it is read anew";
  EXPECT_EQ(again(known, 0, "Host: a\r"), 0U) << "not all of it is there";
  EXPECT_EQ(again(known, 0, "host: a\r\n"), 0U);
  EXPECT_EQ(again(known, 0, "Host: ab\r\n"), 0U);
  EXPECT_EQ(again(known, 4, "\r\n"), 0U);
  EXPECT_EQ(again(known, 9, "\r\n"), 0U);
}

TEST(KnownLines, GiveFieldsThatPointIntoTheNewBytes) {
  KnownLines known;
  Head head;
  ASSERT_EQ(read(kLines, known, head), scan::Step::Done);
  const std::string next = "Host: a\r\nX-Odd: \t b \r\nEmpty:\r\nContent-Length: 18\r\nMore: 1\r\n\r\n";
  ASSERT_EQ(read(next, known, head), scan::Step::Done);
  ASSERT_EQ(head.fields.size(), 5U);
  for (const HeaderField& field : head.fields) {
    EXPECT_GE(field.name.data(), next.data());
    EXPECT_LT(field.name.data(), next.data() + next.size());
  }
  EXPECT_EQ(head.fields[1], (HeaderField{"X-Odd", "b"}));
  EXPECT_EQ(head.fields[2], (HeaderField{"Empty", ""}));
  EXPECT_EQ(head.find(FieldClass::ContentLength), "18");
  EXPECT_EQ(known.size(), 5U);
  EXPECT_EQ(again(known, 3, "Content-Length: 18\r\nMore: 1\r\n"), 2U);
}

TEST(KnownLines, AreNotThoseOfAHeadThatBrokeOffOrIsVeryLong) {
  KnownLines known;
  Head head;
  ASSERT_EQ(read(kLines, known, head), scan::Step::Done);
  EXPECT_EQ(read("Host: b\r\nX y: 1\r\n\r\n", known, head), scan::Step::Refused);
  EXPECT_EQ(read("Host: b\r\nX: 1\r\n", known, head), scan::Step::NeedMore);
  EXPECT_EQ(read("Host: b\r\nX: 1\r\n\r", known, head), scan::Step::NeedMore);
  EXPECT_EQ(again(known, 0, kLines), 4U);
  const std::string long_one = "X: " + std::string(5000, 'x') + "\r\n\r\n";
  ASSERT_EQ(read(long_one, known, head), scan::Step::Done);
  EXPECT_EQ(known.size(), 0U);
  ASSERT_EQ(read("\r\n", known, head), scan::Step::Done);
  EXPECT_EQ(known.size(), 0U);
}

}  // namespace
}  // namespace tidegate::net::http1
