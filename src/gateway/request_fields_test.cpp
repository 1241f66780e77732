// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/request_fields.h"

#include <gtest/gtest.h>

#include <array>

namespace tidegate::gateway {
namespace {

TEST(RequestFields, EachFieldOfTheGatewayIsReadInAnyCase) {
  const std::array fields{HeaderField{"Host", "example"},
                          HeaderField{"X-Claude-Code-Session-Id", "session-1"},
                          HeaderField{"x-claude-code-agent-id", "agent-1"},
                          HeaderField{"X-TIDEGATE-PRIORITY", "batch"},
                          HeaderField{"x-tidegate-max-wait", "30s"},
                          HeaderField{"X-Tidegate-Cache", ""}};
  const RequestFields read = read_request_fields(fields);
  EXPECT_EQ(read.session, "session-1");
  EXPECT_EQ(read.agent, "agent-1");
  EXPECT_EQ(read.priority, "batch");
  EXPECT_EQ(read.max_wait, "30s");
  EXPECT_EQ(read.cache, "") << "an empty value is one";
}

TEST(RequestFields, WhatIsNotThereIsNotRead) {
  const std::array fields{HeaderField{"x-tidegate-class", "ci"},       HeaderField{"x-tidegate-priority-", "batch"},
                          HeaderField{"x-tidegate-", "batch"},         HeaderField{"x-claude-code-session", "s"},
                          HeaderField{"tidegate-priority", "batch"},   HeaderField{"x-stainless-lang", "js"},
                          HeaderField{"", "batch"},                    HeaderField{"x", "batch"}};
  const RequestFields read = read_request_fields(fields);
  EXPECT_FALSE(read.session || read.agent || read.priority || read.max_wait || read.cache);
}

TEST(RequestFields, OfAFieldThatComesTwiceTheFirstCounts) {
  const std::array fields{HeaderField{"x-tidegate-priority", "batch"}, HeaderField{"X-Tidegate-Priority", "interactive"},
                          HeaderField{"x-tidegate-cache", ""}, HeaderField{"x-tidegate-cache", "no"}};
  EXPECT_EQ(read_request_fields(fields).priority, "batch");
  EXPECT_EQ(read_request_fields(fields).cache, "");
}

}  // namespace
}  // namespace tidegate::gateway
