// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/body.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::net::http1 {
namespace {

using Kind = BodyFraming::Kind;

TEST(BodyFollower, HasNothingToFollowWithoutABody) {
  BodyFollower follower;
  EXPECT_EQ(follower.state(), BodyState::Complete);
  EXPECT_EQ(follower.feed("GET /"), (Followed{0, BodyState::Complete}));
  EXPECT_FALSE(follower.is_truncated_by_eof());
}

TEST(BodyFollower, TakesAsManyBytesAsTheLengthSays) {
  BodyFollower follower(BodyFraming{Kind::Length, 5});
  std::string payload;
  const auto keep = [&](std::string_view span) { payload.append(span); };
  EXPECT_EQ(follower.feed("hel", keep), (Followed{3, BodyState::InBody}));
  EXPECT_TRUE(follower.is_truncated_by_eof());
  EXPECT_EQ(follower.feed("loGET /", keep), (Followed{2, BodyState::Complete}));
  EXPECT_EQ(payload, "hello");
  EXPECT_EQ(follower.payload_bytes(), 5U);
  EXPECT_FALSE(follower.is_truncated_by_eof());
}

TEST(BodyFollower, FollowsChunks) {
  BodyFollower follower(BodyFraming{Kind::Chunked, 0});
  std::string payload;
  const auto keep = [&](std::string_view span) { payload.append(span); };
  EXPECT_EQ(follower.feed("5\r\nhello\r\n0\r\n", keep), (Followed{13, BodyState::InBody}));
  EXPECT_TRUE(follower.is_truncated_by_eof()) << "the last chunk came, the end of the body did not";
  EXPECT_EQ(follower.feed("\r\nGET", keep), (Followed{2, BodyState::Complete}));
  EXPECT_EQ(payload, "hello");
  EXPECT_EQ(follower.payload_bytes(), 5U);
  EXPECT_FALSE(follower.has_trailers());
}

TEST(BodyFollower, SaysWhyChunksAreRefused) {
  BodyFollower follower(BodyFraming{Kind::Chunked, 0});
  EXPECT_EQ(follower.feed("1\r\nab"), (Followed{4, BodyState::Rejected}));
  EXPECT_EQ(follower.trouble(), "a chunk longer than its size");
  EXPECT_TRUE(follower.is_truncated_by_eof());
}

TEST(BodyFollower, TakesEverythingUntilTheConnectionCloses) {
  BodyFollower follower(BodyFraming{Kind::UntilClose, 0});
  EXPECT_EQ(follower.feed("hello"), (Followed{5, BodyState::InBody}));
  EXPECT_FALSE(follower.is_truncated_by_eof());
  EXPECT_EQ(follower.payload_bytes(), 5U);
}

}  // namespace
}  // namespace tidegate::net::http1
