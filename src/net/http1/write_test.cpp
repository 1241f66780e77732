// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/write.h"

#include "net/http1/status.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tidegate::net::http1 {
namespace {

using std::string_literals::operator""s;

constexpr std::string_view kRequest =
    "POST /v1/messages HTTP/1.1\r\n"
    "Host: gateway\r\n"
    "X-Odd:  \ta  \r\n"
    "x-api-key: tg_1\r\n"
    "Connection: keep-alive, X-Hop\r\n"
    "TE: trailers\r\n"
    "X-Hop: 1\r\n"
    "anthropic-version: 2023-06-01\r\n"
    "Content-Length: 2\r\n"
    "\r\n";

TEST(HeadWriter, ReplacesWhatTheGatewayDecidesAndCopiesTheRestByteForByte) {
  RequestHeadParser parser;
  ASSERT_EQ(parser.parse(kRequest), ParseState::Complete);
  std::string out = "before";
  HeadWriter writer(out);
  writer.request_line("POST", "/v1/messages").field("Host", "api.anthropic.com").field("x-api-key", "sk");
  writer.relay(parser.head(), [](std::size_t, FieldTag tag) {
    return !tag.hop_by_hop && tag.field_class != FieldClass::Host && tag.field_class != FieldClass::XApiKey;
  });
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(out,
            "beforePOST /v1/messages HTTP/1.1\r\nHost: api.anthropic.com\r\nx-api-key: sk\r\n"
            "X-Odd:  \ta  \r\nanthropic-version: 2023-06-01\r\nContent-Length: 2\r\n\r\n");
}

TEST(HeadWriter, RelaysWhateverSelectionOfFields) {
  RequestHeadParser parser;
  ASSERT_EQ(parser.parse(kRequest), ParseState::Complete);
  const std::size_t count = parser.head().fields.size();
  for (std::size_t chosen = 0; chosen < (std::size_t{1} << count); ++chosen) {
    std::string out;
    HeadWriter writer(out);
    writer.relay(parser.head(), [&](std::size_t i, FieldTag) { return (chosen >> i & 1) != 0; });
    ASSERT_TRUE(writer.finish());
    std::string expected;
    std::string_view rest = kRequest.substr(kRequest.find('\n') + 1);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t line = rest.find('\n') + 1;
      if ((chosen >> i & 1) != 0) expected.append(rest.substr(0, line));
      rest.remove_prefix(line);
    }
    ASSERT_EQ(out, expected + "\r\n");
  }
}

TEST(HeadWriter, RelaysOneOfSeveralEqualLengths) {
  ResponseHeadParser parser;
  ASSERT_EQ(parser.parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\ncontent-length: 5\r\n\r\n"),
            ParseState::Complete);
  std::string out;
  HeadWriter writer(out);
  writer.status_line(200, parser.head().reason).relay_end_to_end(parser.head());
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\n");
}

TEST(HeadWriter, WritesStatusLinesAndNumbers) {
  std::string out;
  HeadWriter writer(out);
  writer.status_line(529).field("content-length", 18446744073709551615U);
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(out, "HTTP/1.1 529 Overloaded\r\ncontent-length: 18446744073709551615\r\n\r\n");
  out.clear();
  HeadWriter other(out);
  ASSERT_TRUE(other.status_line(599).finish());
  EXPECT_EQ(out, "HTTP/1.1 599 \r\n\r\n") << "no phrase, but the blank";
}

TEST(HeadWriter, NeverWritesALineEndFromAValue) {
  const std::vector<std::pair<std::string, std::string>> bad_fields = {
      {"X", "a\r\nInjected: b"},
      {"X", "a\n"},
      {"X", "a\r"},
      {"X", "a\0b"s},
      {"X", "a\x7f"},
      {"X\r\nY", "a"},
      {"X:", "a"},
      {"", "a"},
      {"X Y", "a"},
      {"X\n", "a"},
      {"X", "\x01"},
  };
  for (const auto& [name, value] : bad_fields) {
    std::string out = "before";
    HeadWriter writer(out);
    writer.status_line(200).field(name, value).field("Y", "b");
    EXPECT_FALSE(writer.finish()) << value;
    EXPECT_EQ(out, "before");
  }
  for (const std::string& target : std::vector<std::string>{"", "/a b", "/a\r\n", "/a\n", "/#", "/\0"s}) {
    std::string out;
    HeadWriter writer(out);
    EXPECT_FALSE(writer.request_line("GET", target).finish()) << target;
    EXPECT_TRUE(out.empty());
  }
  for (const std::string& method : std::vector<std::string>{"", "G T", "GET\r\n"}) {
    std::string out;
    EXPECT_FALSE(HeadWriter(out).request_line(method, "/").finish());
  }
  std::string out;
  EXPECT_FALSE(HeadWriter(out).status_line(200, "OK\r\nX: y").finish());
  EXPECT_FALSE(HeadWriter(out).status_line(99).finish());
  EXPECT_FALSE(HeadWriter(out).status_line(1000).finish());
  EXPECT_TRUE(out.empty());
}

TEST(ReasonPhrase, IsEmptyForWhatHasNone) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(429), "Too Many Requests");
  EXPECT_EQ(reason_phrase(299), "");
}

}  // namespace
}  // namespace tidegate::net::http1
