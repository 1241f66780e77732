// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/path_spelling.h"

#include <gtest/gtest.h>

namespace tidegate::llm {
namespace {

TEST(PathSpelling, IsPlainWhereEveryServerReadsItAlike) {
  for (const char* path :
       {"/v1/messages", "/v1/messages/", "/v1/files/file_01ABC/content", "/v1/models/gpt-4.1", "/v1", ""}) {
    EXPECT_TRUE(is_plain_path(path)) << path;
  }
  for (const char* path : {"/v1/%6dessages", "/v1//messages", "/v1/./messages", "/v1/x/../messages", "/v1/messages;x",
                           "/v1\\messages", "/v1/.hidden", "/v1/messages#x"}) {
    EXPECT_FALSE(is_plain_path(path)) << path;
  }
}

TEST(PathSpelling, IsReadAsAServerWouldThatTakesItsLiberties) {
  for (const char* path :
       {"/v1/messages", "/v1/%6dessages", "/v1/%6Dessages", "/v1//messages", "/v1/./messages", "/v1/messages/",
        "/v1/messages;x=1/", "/v1/files/../messages", "/v1/files/..;/messages", "/v1/x/%2e%2E/messages",
        "/v1%2Fmessages", "/v1\\messages", "/v1/Messages", "/v1/messages#/x", "/../v1/messages"}) {
    EXPECT_EQ(plain_path(path), "/v1/messages") << path;
  }
  EXPECT_EQ(plain_path("/v1/%zz/%4"), "/v1/%zz/%4") << "what encodes nothing stays";
  EXPECT_EQ(plain_path("/v1/%256dessages"), "/v1/%6dessages") << "decoded once";
  EXPECT_EQ(plain_path("/"), "");
}

}  // namespace
}  // namespace tidegate::llm
