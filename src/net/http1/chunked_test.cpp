// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/chunked.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace tidegate::net::http1 {

void PrintTo(const Followed& it, std::ostream* out) {
  *out << it.consumed << " bytes, state " << static_cast<int>(it.state);
}

namespace {

using std::string_literals::operator""s;

constexpr std::string_view kBody =
    "5\r\nhello\r\n"
    "006;name;a=b;c=\"d \\\" ;\"\r\n world\r\n"
    "0;last\r\n"
    "X-Checksum: abc\r\n"
    "Empty:\r\n"
    "\r\n";

TEST(ChunkedFollower, FindsTheEndAndShowsThePayload) {
  ChunkedFollower follower;
  std::string payload;
  EXPECT_EQ(append_payload(follower, std::string(kBody) + "GET /", payload),
            (Followed{kBody.size(), BodyState::Complete}));
  EXPECT_EQ(payload, "hello world");
  EXPECT_EQ(follower.payload_bytes(), 11U);
  EXPECT_TRUE(follower.has_trailers());
  EXPECT_EQ(follower.feed("more"), (Followed{0, BodyState::Complete}));
}

TEST(ChunkedFollower, SeesTheSameHoweverTheBytesAreSplit) {
  for (std::size_t first = 0; first <= kBody.size(); ++first) {
    for (std::size_t second = first; second <= kBody.size(); ++second) {
      ChunkedFollower follower;
      std::string payload;
      for (const std::string_view part :
           {kBody.substr(0, first), kBody.substr(first, second - first), kBody.substr(second)}) {
        EXPECT_EQ(append_payload(follower, part, payload).consumed, part.size());
      }
      EXPECT_EQ(follower.body_state(), BodyState::Complete);
      EXPECT_EQ(payload, "hello world");
    }
  }
}

TEST(ChunkedFollower, ShowsSpansOfTheBytesFed) {
  ChunkedFollower follower;
  const std::string bytes = "3\r\nabc\r\n2\r\nd";
  std::vector<const char*> starts;
  follower.feed(bytes, [&](std::string_view span) { starts.push_back(span.data()); });
  EXPECT_EQ(starts, (std::vector<const char*>{bytes.data() + 3, bytes.data() + 11}));
}

TEST(ChunkedFollower, RefusesWrongFraming) {
  struct Case {
    std::string body;
    std::size_t good;  ///< bytes before the wrong one
  };
  for (const Case& it : std::vector<Case>{
           {"\r\n", 0},
           {" 5\r\nhello", 0},
           {"g\r\n", 0},
           {"-1\r\n", 0},
           {"0x5\r\nhello", 1},
           {"5 \r\nhello", 1},
           {"5\nhello", 1},
           {"5\rhello", 2},
           {"5\r\nhello\n", 8},
           {"5\r\nhelloX", 8},
           {"5\r\nhello\rX", 9},
           {"5\r\nhello\r\n\r\n", 10},
           {"10000000001\r\n", 10},
           {"00000000000000005\r\n", 16},
           {"ffffffffffffffff\r\n", 10},
           {"5;\r\n", 2},
           {"5; a\r\n", 2},
           {"5;a \r\n", 3},
           {"5;a\n", 3},
           {"5;a\rb", 4},
           {"5;a=\r\n", 4},
           {"5;=b\r\n", 2},
           {"5;a=\"b\"c\r\n", 7},
           {"5;a=\"\r\n", 5},
           {"5;a=\"\\\r\n", 6},
           {"5;a=\"\0\"\r\n"s, 5},
           {"0\r\n X: a\r\n\r\n", 3},
           {"0\r\nX : a\r\n\r\n", 4},
           {"0\r\nX\r\n\r\n", 4},
           {"0\r\n: a\r\n\r\n", 3},
           {"0\r\nX: a\n\r\n", 7},
           {"0\r\nX: a\rb", 8},
           {"0\r\nX: \0\r\n\r\n"s, 6},
           {"0\r\nX: a\r\n b\r\n\r\n", 9},
           {"0\r\nContent-Length: 5\r\n\r\n", 17},
           {"0\r\ntransfer-ENCODING: chunked\r\n\r\n", 20},
           {"0\r\nHost: a\r\n\r\n", 7},
           {"0\r\n\n", 3},
           {"0\r\n\rX", 4},
       }) {
    ChunkedFollower follower;
    EXPECT_EQ(follower.feed(it.body), (Followed{it.good, BodyState::Rejected})) << it.body;
    EXPECT_FALSE(follower.trouble().empty()) << it.body;
    EXPECT_EQ(follower.feed("0\r\n\r\n").state, BodyState::Rejected) << "refused stays refused";
  }
}

TEST(ChunkedFollower, BoundsWhatIsNotPayload) {
  ChunkedFollower extension;
  EXPECT_EQ(extension.feed("5;" + std::string(kMaxExtensionBytes, 'a')).state, BodyState::InBody);
  EXPECT_EQ(extension.feed("a").state, BodyState::Rejected);

  ChunkedFollower many_extensions;
  const std::string chunk = "1;" + std::string(200, 'a') + "\r\nx\r\n";
  int chunks = 0;
  while (many_extensions.feed(chunk).state == BodyState::InBody && chunks < 1000) ++chunks;
  EXPECT_GE(chunks, 81) << "16 KiB of extensions are free";
  EXPECT_LE(chunks, 83);

  ChunkedFollower trailers;
  trailers.feed("0\r\n");
  EXPECT_EQ(trailers.feed("X: " + std::string(kMaxTrailerBytes - 3, 'a')).state, BodyState::InBody);
  EXPECT_EQ(trailers.feed("a").state, BodyState::Rejected);
}

TEST(ChunkedFollower, FollowsSignedUploadsWhoseExtensionsGrowWithThePayload) {
  ChunkedFollower follower;
  const std::string chunk = "10000;chunk-signature=" + std::string(64, 'a') + "\r\n" + std::string(65536, 'x') + "\r\n";
  for (int i = 0; i < 300; ++i) ASSERT_EQ(follower.feed(chunk).state, BodyState::InBody);
}

TEST(Chunks, AreReadBackAsWritten) {
  std::string out;
  append_chunk(out, "hello");
  append_chunk(out, "");
  append_chunk(out, std::string(300, 'x'));
  append_chunk_head(out, 2);
  out.append("yz").append(kChunkEnd).append(kLastChunk);
  EXPECT_EQ(out.substr(0, 10), "5\r\nhello\r\n");
  ChunkedFollower follower;
  std::string payload;
  EXPECT_EQ(append_payload(follower, out, payload).state, BodyState::Complete);
  EXPECT_EQ(payload, "hello" + std::string(300, 'x') + "yz");
  EXPECT_FALSE(follower.has_trailers());
}

}  // namespace
}  // namespace tidegate::net::http1
