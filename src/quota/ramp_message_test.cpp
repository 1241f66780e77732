// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/ramp_message.h"

#include <gtest/gtest.h>

namespace tidegate::quota {
namespace {

TEST(RampMessage, BothFiguresAreRead) {
  EXPECT_EQ(parse_ramp_message("This request would exceed your organization's maximum usage increase rate for input tokens per minute. Your "
                               "current limit is 58,276 input tokens per minute, and will increase to 68,276 at the next minute boundary."),
            (RampFigures{58'276, 68'276}));
  EXPECT_EQ(parse_ramp_message("current limit is 900 input tokens per minute, and will increase to 1,234,567 at"), (RampFigures{900, 1'234'567}));
}

TEST(RampMessage, HalfOfItIsNothing) {
  EXPECT_EQ(parse_ramp_message(""), std::nullopt);
  EXPECT_EQ(parse_ramp_message("rate limit of 30,000 input tokens per minute"), std::nullopt);
  EXPECT_EQ(parse_ramp_message("Your current limit is 58,276 input tokens per minute."), std::nullopt);
  EXPECT_EQ(parse_ramp_message("and will increase to 68,276 at the next minute boundary"), std::nullopt);
  EXPECT_EQ(parse_ramp_message("current limit is many, and will increase to more"), std::nullopt);
  EXPECT_EQ(parse_ramp_message("current limit is ,1 and will increase to 5"), std::nullopt);
}

TEST(RampMessage, AbsurdFiguresAreNothing) {
  EXPECT_EQ(parse_ramp_message("current limit is 0 and will increase to 5"), std::nullopt);
  EXPECT_EQ(parse_ramp_message("current limit is 5 and will increase to 0"), std::nullopt);
  EXPECT_EQ(parse_ramp_message("current limit is -5 and will increase to 10"), std::nullopt);
  EXPECT_EQ(parse_ramp_message("current limit is 99999999999999999999999 and will increase to 5"), std::nullopt);
  EXPECT_EQ(parse_ramp_message("current limit is 999,999,999,999,999 and will increase to 5"), (RampFigures{999'999'999'999'999, 5}));
  EXPECT_EQ(parse_ramp_message("will increase to current limit is "), std::nullopt);
}

TEST(RefusalMessage, TheLimitIsNamed) {
  EXPECT_EQ(parse_refused_dimension("This request would exceed your organization's rate limit of 30,000 input tokens per minute (org: x)"),
            Dimension::Input);
  EXPECT_EQ(parse_refused_dimension("the rate limit for your organization (x) of 8,000 output tokens per minute"), Dimension::Output);
  EXPECT_EQ(parse_refused_dimension("rate limit of 50 requests per minute"), Dimension::Requests);
  EXPECT_EQ(parse_refused_dimension("rate limit of 40,000 tokens per minute"), Dimension::Tokens);
  EXPECT_EQ(parse_refused_dimension("Number of concurrent connections has exceeded your rate limit"), std::nullopt);
  EXPECT_EQ(parse_refused_dimension(" per minute"), std::nullopt);
  EXPECT_EQ(parse_refused_dimension(""), std::nullopt);
}

}  // namespace
}  // namespace tidegate::quota
