// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/url.h"

#include "net/address.h"

#include <gtest/gtest.h>

namespace tidegate::net {
namespace {

TEST(Url, IsReadIntoItsParts) {
  const Url url = *parse_url("https://api.example.com/anthropic/");
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.host, "api.example.com");
  EXPECT_EQ(url.port, 443);
  EXPECT_EQ(url.path, "/anthropic");
  EXPECT_EQ(url.authority(), "api.example.com");
  EXPECT_EQ(parse_url("http://[::1]:8080")->authority(), "[::1]:8080");
  EXPECT_EQ(parse_url("http://10.0.0.1:80")->authority(), "10.0.0.1");
}

TEST(Url, RefusesWhatIsNoOrigin) {
  for (const char* text : {"", "api.example.com", "ftp://x", "https://", "https://user:secret@x", "https://x?a=b", "https://x#f",
                           "https://x:0", "https://x:99999", "https://x:http", "http://[::1", "https://a b"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(Address, KnowsLoopback) {
  EXPECT_TRUE(parse_address("127.0.0.1", 1)->is_loopback());
  EXPECT_TRUE(parse_address("::1", 1)->is_loopback());
  EXPECT_FALSE(parse_address("0.0.0.0", 1)->is_loopback());
  EXPECT_FALSE(parse_address("localhost", 1));
  EXPECT_EQ(to_string(*parse_address("127.0.0.1", 8080)), "127.0.0.1:8080");
}

}  // namespace
}  // namespace tidegate::net
