// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/access.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::admin {
namespace {

/// The status that refuses such a request; 0 if it may go on. `fields` are whole lines.
int refused_with(const std::string& start, const std::string& fields, Access access, const AccessRules& rules) {
  const std::string bytes = start + " HTTP/1.1\r\n" + fields + "\r\n";
  net::http1::RequestHeadParser parser;
  EXPECT_EQ(parser.parse(bytes), net::http1::ParseState::Complete);
  const auto answer = refuse(parser.head(), access, rules);
  return answer ? answer->status : 0;
}

const AccessRules kOpen{.loopback = true, .token = {}};
const AccessRules kWithToken{.loopback = false, .token = Secret("s3cret")};

TEST(Access, ServesTheNamesOfThisMachineOnLoopback) {
  for (const char* host : {"localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.0.0.2", "[::1]:3000", "[::1]"}) {
    EXPECT_EQ(refused_with("GET /api/v1/status", std::string("host: ") + host + "\r\n", Access::Read, kOpen), 0)
        << host;
  }
}

TEST(Access, RefusesANameThatWasReboundToUs) {
  for (const char* host :
       {"evil.example", "evil.example:3000", "localhost.evil.example", "127.evil.example", "[::2]", "10.0.0.1"}) {
    EXPECT_EQ(refused_with("GET /", std::string("host: ") + host + "\r\n", Access::Public, kOpen), 403) << host;
  }
}

TEST(Access, LeavesWhatIsSignedToItsRoute) {
  const std::string foreign = "host: tidegate.example\r\norigin: https://slack.example\r\nsec-fetch-site: cross-site\r\n";
  EXPECT_EQ(refused_with("POST /slack/command", foreign, Access::Signed, kOpen), 0);
  EXPECT_EQ(refused_with("POST /slack/command", foreign, Access::Signed, kWithToken), 0);
  EXPECT_EQ(refused_with("POST /slack/command", foreign, Access::Change, kOpen), 403);
}

TEST(Access, AsksForTheTokenAndAcceptsNoOther) {
  const std::string host = "host: tidegate.internal\r\n";
  EXPECT_EQ(refused_with("GET /", host, Access::Public, kWithToken), 0);
  EXPECT_EQ(refused_with("GET /api/v1/status", host, Access::Read, kWithToken), 401);
  EXPECT_EQ(refused_with("GET /api/v1/status", host + "authorization: Bearer s3cre\r\n", Access::Read, kWithToken),
            401);
  EXPECT_EQ(refused_with("GET /api/v1/status", host + "authorization: Bearer S3cret\r\n", Access::Read, kWithToken),
            401);
  EXPECT_EQ(refused_with("GET /api/v1/status", host + "authorization: Basic s3cret\r\n", Access::Read, kWithToken),
            401);
  EXPECT_EQ(refused_with("GET /api/v1/status", host + "authorization: bearer s3cret\r\n", Access::Read, kWithToken), 0);
}

TEST(Access, LetsNoOtherSiteChangeAnything) {
  const std::string good = "host: localhost:3000\r\ncontent-type: application/json; charset=utf-8\r\n";
  const auto post = [&](const std::string& fields) {
    return refused_with("POST /api/v1/reload", fields, Access::Change, kOpen);
  };
  EXPECT_EQ(post(good), 0);
  EXPECT_EQ(post(good + "origin: http://localhost:3000\r\nsec-fetch-site: same-origin\r\n"), 0);
  EXPECT_EQ(post(good + "origin: http://evil.example\r\n"), 403);
  EXPECT_EQ(post(good + "origin: http://localhost:3001\r\n"), 403);
  EXPECT_EQ(post(good + "origin: null\r\n"), 403);
  EXPECT_EQ(post(good + "sec-fetch-site: cross-site\r\n"), 403);
  EXPECT_EQ(post("host: localhost:3000\r\ncontent-type: text/plain\r\n"), 415);
  EXPECT_EQ(post("host: localhost:3000\r\n"), 415);
  EXPECT_EQ(refused_with("DELETE /api/v1/keys/a", "host: localhost\r\n", Access::Change, kOpen), 0);
}

TEST(Access, ComparesWholeTexts) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
}

}  // namespace
}  // namespace tidegate::admin
