// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/scan.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::net::http1::scan {
namespace {

/// The offset of the first wrong byte that a scan finds.
template <typename Find>
std::size_t offset(const std::string& text, Find find) {
  return static_cast<std::size_t>(find(text.data(), text.data() + text.size()) - text.data());
}

TEST(Scan, StopsAtTheFirstWrongByteWhereverItStands) {
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    for (std::size_t size = 1; size <= 50; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'a');
        text[at] = c;
        ASSERT_EQ(offset(text, find_control), is_control(c) ? at : size) << value << " at " << at << " of " << size;
        ASSERT_EQ(offset(text, find_name_end), in(kToken, c) ? size : at) << value << " at " << at << " of " << size;
        ASSERT_EQ(offset(text, find_target_end), in(kTarget, c) ? size : at) << value << " at " << at << " of " << size;
      }
    }
  }
}

TEST(Scan, FindsTheFirstOfSeveral) {
  EXPECT_EQ(offset("aaaaaaaaaa\taaaaaaa\t\taaaaaaa\x01\x02", find_control), 27U);
  EXPECT_EQ(offset("aaaaaaaaaa_aaaaaaaa.aaaaaaaaa::", find_name_end), 29U);
}

TEST(Scan, ReadsLengthsUpToTheLargestSignedNumber) {
  EXPECT_EQ(parse_length("0"), 0U);
  EXPECT_EQ(parse_length("0012"), 12U);
  EXPECT_EQ(parse_length("9223372036854775807"), 9223372036854775807U);
  for (const char* text : {"", "9223372036854775808", "99999999999999999999", "1 ", " 1", "+1", "-1", "1a", "1,1"}) {
    EXPECT_FALSE(parse_length(text)) << text;
  }
}

}  // namespace
}  // namespace tidegate::net::http1::scan
