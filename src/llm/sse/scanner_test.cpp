// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/sse/scanner.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::llm::sse {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

Events scan_pieces(const std::vector<std::string_view>& pieces, std::size_t longest = Scanner::kLongestEvent) {
  Scanner scanner(longest);
  Events events;
  for (const std::string_view piece : pieces) {
    const std::string moved(piece);  // a buffer of its own, so that a view kept too long is seen by AddressSanitizer
    scanner.feed(moved, [&](std::string_view event, std::string_view data) { events.emplace_back(event, data); });
  }
  return events;
}

Events scan(std::string_view stream) { return scan_pieces({stream}); }

TEST(SseScanner, ReadsNamedAndNamelessEvents) {
  EXPECT_EQ(scan("event: ping\ndata: {}\n\ndata: [DONE]\n\n"), (Events{{"ping", "{}"}, {"", "[DONE]"}}));
}

TEST(SseScanner, ReadsEveryLineEnd) {
  const Events expected{{"a", "1"}, {"b", "2"}};
  EXPECT_EQ(scan("event:a\ndata:1\n\nevent:b\ndata:2\n\n"), expected);
  EXPECT_EQ(scan("event:a\rdata:1\r\revent:b\rdata:2\r\r"), expected);
  EXPECT_EQ(scan("event:a\r\ndata:1\r\n\r\nevent:b\r\ndata:2\r\n\r\n"), expected);
}

TEST(SseScanner, JoinsDataLinesAndTakesOneBlankOffAValue) {
  EXPECT_EQ(scan("data:  two\ndata\ndata:x\n\n"), (Events{{"", " two\n\nx"}}));
}

TEST(SseScanner, IgnoresCommentsOtherFieldsAndEventsWithoutData) {
  EXPECT_EQ(scan(": keep-alive\n\nid: 7\nretry: 5\nevent: lonely\n\ndatabase: no\n\ndata: yes\n\n"),
            (Events{{"", "yes"}}));
}

TEST(SseScanner, DropsAnEventThatTheEndCutsOff) { EXPECT_EQ(scan("data: a\n\ndata: b\n"), (Events{{"", "a"}})); }

TEST(SseScanner, StepsOverAByteOrderMarkAndKeepsWhatOnlyBeginsLikeOne) {
  EXPECT_EQ(scan("\xEF\xBB\xBF"
                 "data: a\n\n"),
            (Events{{"", "a"}}));
  EXPECT_EQ(scan("\xEF\xBB"
                 "data: a\n\ndata: b\n\n"),
            (Events{{"", "b"}}));
}

TEST(SseScanner, PassesOverWhatIsTooLongAndGoesOn) {
  const std::string stream = "data: " + std::string(100, 'x') + "\n\ndata: ok\n\n";
  Scanner scanner(50);
  Events events;
  scanner.feed(stream, [&](std::string_view event, std::string_view data) { events.emplace_back(event, data); });
  EXPECT_EQ(events, (Events{{"", "ok"}}));
  EXPECT_EQ(scanner.passed_over(), 1U);
  EXPECT_EQ(scan_pieces({"data: " + std::string(30, 'x') + "\ndata: " + std::string(30, 'y') + "\n\ndata: ok\n\n"}, 50),
            (Events{{"", "ok"}}));
}

TEST(SseScanner, SurvivesBeingMovedInMidEvent) {
  Scanner first;
  Events events;
  const auto keep = [&](std::string_view event, std::string_view data) { events.emplace_back(event, data); };
  first.feed("event: a\ndata: x\nda", keep);
  Scanner second = std::move(first);
  second.feed("ta: y\n\n", keep);
  EXPECT_EQ(events, (Events{{"a", "x\ny"}}));
}

constexpr std::string_view kStrange =
    "\xEF\xBB\xBF: hello\r\nevent: message_start\ndata: {\"a\":1}\n\n\r\rdata\n\nevent:x\rdata: one\r\ndata:two\r\r\n"
    "id: 5\nevent\ndata:  z\n\n: c\ndata: 0123456789012345678901234567890123456789\n\ndata: end\r\n\r\ndata: cut";

/// Events as providers write them, and some that only begin so.
constexpr std::string_view kUsual =
    "event: message_start\ndata: {\"a\":1}\n\nevent: content_block_delta\ndata: 01234567890123456789012345\n\n"
    "event: ping\ndata: {}\n\nevent: two\ndata: one\ndata: two\n\nevent: cr\ndata: a\rdata: b\n\nevent: lonely\n\n"
    "event: \ndata: \n\nevent: a\nevent: b\ndata: c\n\nevent: crlf\r\ndata: d\r\n\r\nevent: last\ndata: e\n\nevent: cut\ndata: f\n";

TEST(SseScanner, ReadsTheSameHoweverTheBytesAreCut) {
  for (const std::string_view stream : {kStrange, kUsual}) {
    for (const std::size_t longest : {std::size_t{20}, Scanner::kLongestEvent}) {
      // Byte by byte nothing is ever there as a whole.
      std::vector<std::string_view> bytes;
      for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(stream.substr(i, 1));
      const Events expected = scan_pieces(bytes, longest);
      EXPECT_EQ(scan_pieces({stream}, longest), expected);
      for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        EXPECT_EQ(scan_pieces({stream.substr(0, cut), stream.substr(cut)}, longest), expected) << "cut at " << cut;
      }
      std::mt19937 random(3);
      for (int round = 0; round < 300; ++round) {
        std::vector<std::string_view> pieces;
        for (std::size_t at = 0; at < stream.size();) {
          const std::size_t length = 1 + random() % 20;
          pieces.push_back(stream.substr(at, length));
          at += length;
        }
        EXPECT_EQ(scan_pieces(pieces, longest), expected);
      }
    }
  }
}

}  // namespace
}  // namespace tidegate::llm::sse
