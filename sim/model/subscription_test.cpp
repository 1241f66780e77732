// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/subscription.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::sim {
namespace {

using testing::HasSubstr;

const WallTime kStart = *parse_rfc3339("2026-11-23T10:00:00Z");
constexpr auto kHour = std::chrono::hours(1);

TEST(SimSubscription, RefusesUntilTheFullWindowCloses) {
  Subscription subscription({.five_hours = 1000, .seven_days = 10'000});
  EXPECT_FALSE(subscription.refuse(kStart));
  subscription.charge(kStart, 999);
  EXPECT_FALSE(subscription.refuse(kStart + kHour));  // whatever is left admits a whole request
  subscription.charge(kStart + kHour, 21);
  EXPECT_EQ(subscription.refuse(kStart + 2 * kHour), Nanoseconds(3 * kHour));  // it opened with the first use
  EXPECT_FALSE(subscription.refuse(kStart + 5 * kHour));
}

TEST(SimSubscription, CountsTheWeekBesideTheFiveHours) {
  Subscription subscription({.five_hours = 1000, .seven_days = 1500});
  subscription.charge(kStart, 900);
  subscription.charge(kStart + 6 * kHour, 700);
  EXPECT_EQ(subscription.refuse(kStart + 12 * kHour), Nanoseconds((7 * 24 - 12) * kHour));
  EXPECT_THAT(subscription.headers(kStart + 12 * kHour), HasSubstr("unified-representative-claim: seven_day\r\n"));
}

TEST(SimSubscription, TellsUtilizationAndResetInItsHeaders) {
  Subscription subscription({.five_hours = 1000, .seven_days = 10'000});
  EXPECT_THAT(subscription.headers(kStart), HasSubstr("anthropic-ratelimit-unified-status: allowed\r\n"));
  subscription.charge(kStart, 800);
  const std::string warned = subscription.headers(kStart);
  EXPECT_THAT(
      warned,
      HasSubstr(
          "anthropic-ratelimit-unified-status: allowed_warning\r\nanthropic-ratelimit-unified-reset: 1795446000\r\n"));
  EXPECT_THAT(warned, HasSubstr("anthropic-ratelimit-unified-5h-utilization: 0.8\r\n"));
  EXPECT_THAT(warned, HasSubstr("anthropic-ratelimit-unified-7d-status: allowed\r\n"));
  EXPECT_THAT(warned, HasSubstr("anthropic-ratelimit-unified-7d-utilization: 0.08\r\n"));
  EXPECT_THAT(warned, HasSubstr("anthropic-ratelimit-unified-representative-claim: five_hour\r\n"));
  subscription.charge(kStart, 220);
  EXPECT_THAT(subscription.headers(kStart), HasSubstr("anthropic-ratelimit-unified-5h-status: rejected\r\n"));
  EXPECT_THAT(subscription.headers(kStart), HasSubstr("anthropic-ratelimit-unified-5h-utilization: 1.02\r\n"));
}

}  // namespace
}  // namespace tidegate::sim
