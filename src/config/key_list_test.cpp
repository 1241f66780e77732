// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/key_list.h"

#include <gtest/gtest.h>

namespace tidegate::config {
namespace {

upstream::KeyListOptions read(std::string_view url) {
  upstream::KeyListOptions options;
  const auto reason = read_key_list_url(url, options);
  EXPECT_FALSE(reason) << url << ' ' << *reason;
  return options;
}

TEST(KeyListUrl, NamesHostPortDatabaseAndList) {
  const upstream::KeyListOptions options = read("redis://cache.example:6380/2#claude_keys");
  EXPECT_EQ(options.url, "redis://cache.example:6380/2#claude_keys");
  EXPECT_EQ(options.host, "cache.example");
  EXPECT_EQ(options.port, 6'380);
  EXPECT_EQ(options.database, 2U);
  EXPECT_EQ(options.list, "claude_keys");
  EXPECT_EQ(options.user, "");
}

TEST(KeyListUrl, HasTheUsualPortAndDatabase) {
  for (const char* url : {"redis://127.0.0.1#keys", "redis://127.0.0.1/#keys", "redis://127.0.0.1:6379/0#keys"}) {
    EXPECT_EQ(read(url).port, 6'379) << url;
    EXPECT_EQ(read(url).database, 0U) << url;
  }
}

TEST(KeyListUrl, TakesAUserAnAddressOfVersion6AndCodesOfCharacters) {
  const upstream::KeyListOptions options = read("redis://team%40a@[::1]/1#claude:keys%23%201");
  EXPECT_EQ(options.user, "team@a");
  EXPECT_EQ(options.host, "::1");
  EXPECT_EQ(options.list, "claude:keys# 1");
}

TEST(KeyListUrl, NamesASocketInstead) {
  const upstream::KeyListOptions options = read("unix:///run/redis/redis.sock?db=3#claude_keys");
  EXPECT_EQ(options.socket, "/run/redis/redis.sock");
  EXPECT_EQ(options.host, "");
  EXPECT_EQ(options.database, 3U);
  EXPECT_EQ(read("unix:///s#k").database, 0U);
}

TEST(KeyListUrl, IsLeftAloneWhereItCannotBeRead) {
  const std::string long_path(120, 'p');
  for (const std::string& bad :
       {std::string("redis://127.0.0.1"), std::string("redis://127.0.0.1#"), std::string("redis://#k"),
        std::string("redis://127.0.0.1/x#k"), std::string("redis://127.0.0.1/-1#k"), std::string("redis://127.0.0.1/0/1#k"),
        std::string("redis://127.0.0.1:0#k"), std::string("redis://127.0.0.1?db=1#k"), std::string("redis://u:p@127.0.0.1#k"),
        std::string("redis://127.0.0.1#k%"), std::string("redis://127.0.0.1#k%2"), std::string("redis://127.0.0.1#k%zz"),
        std::string("redis://127.0.0.1#k%0a"), std::string("redis://127.0.0.1#k%+1"), std::string("unix://run/redis.sock#k"),
        std::string("unix:///s?x=1#k"), std::string("unix:///s?db=#k"), "unix:///" + long_path + "#k",
        std::string("rediss://127.0.0.1#k"), std::string("http://127.0.0.1#k"), std::string("")}) {
    upstream::KeyListOptions options;
    EXPECT_TRUE(read_key_list_url(bad, options)) << bad;
    EXPECT_EQ(options, upstream::KeyListOptions()) << bad;
  }
}

}  // namespace
}  // namespace tidegate::config
