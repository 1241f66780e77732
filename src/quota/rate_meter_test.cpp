// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/rate_meter.h"

#include <gtest/gtest.h>

namespace tidegate::quota {
namespace {

SteadyTime at(Nanoseconds since_start) { return SteadyTime(Seconds(1'000) + since_start); }

RateMeter meter(std::int64_t per_minute) {
  RateMeter made;
  made.set_limit(per_minute, at(Seconds(0)));
  return made;
}

TEST(RateMeters, LetAMinutesWorthThroughAtOnceAndThenOnePerShareOfAMinute) {
  RateMeter requests = meter(60);
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(requests.wait(1, at(Seconds(0))), Nanoseconds(0));
    requests.take(1, at(Seconds(0)));
  }
  EXPECT_EQ(requests.wait(1, at(Seconds(0))), Seconds(1));
  EXPECT_EQ(requests.wait(1, at(Milliseconds(250))), Milliseconds(750));
  EXPECT_EQ(requests.wait(1, at(Seconds(1))), Nanoseconds(0));
  EXPECT_EQ(requests.remaining(at(Milliseconds(2'500))), 2);
  EXPECT_EQ(requests.full_after(at(Seconds(45))), Seconds(15));
}

TEST(RateMeters, NeverHoldMoreThanAMinutesWorth) {
  RateMeter tokens = meter(1'000);
  EXPECT_EQ(tokens.remaining(at(std::chrono::hours(5))), 1'000);
  tokens.take(-500, at(std::chrono::hours(5)));
  EXPECT_EQ(tokens.remaining(at(std::chrono::hours(5))), 1'000);
}

TEST(RateMeters, LetPassWhatIsLargerThanTheBucketWhenItIsFull) {
  RateMeter tokens = meter(1'000);
  EXPECT_EQ(tokens.wait(5'000, at(Seconds(0))), Nanoseconds(0));
  tokens.take(5'000, at(Seconds(0)));
  EXPECT_EQ(tokens.remaining(at(Seconds(0))), 0);
  EXPECT_EQ(tokens.wait(500, at(Seconds(0))), Seconds(270));
}

TEST(RateMeters, GiveBackWhatWasReservedTooMuch) {
  RateMeter tokens = meter(600);
  tokens.take(600, at(Seconds(0)));
  tokens.take(-400, at(Seconds(0)));
  EXPECT_EQ(tokens.remaining(at(Seconds(0))), 400);
}

TEST(RateMeters, KeepTheShareThatIsLeftWhenTheLimitChanges) {
  RateMeter requests = meter(100);
  requests.take(50, at(Seconds(0)));
  requests.set_limit(10, at(Seconds(0)));
  EXPECT_EQ(requests.remaining(at(Seconds(0))), 5);
  requests.set_limit(std::nullopt, at(Seconds(0)));
  EXPECT_EQ(requests.wait(1e9, at(Seconds(0))), Nanoseconds(0));
  requests.take(1e9, at(Seconds(0)));
  requests.set_limit(20, at(Seconds(1)));
  EXPECT_EQ(requests.remaining(at(Seconds(1))), 20);
}

TEST(RateMeters, LetNothingThroughUnderALimitOfNothing) {
  RateMeter requests = meter(0);
  EXPECT_EQ(requests.wait(1, at(Seconds(0))), Nanoseconds::max());
  EXPECT_EQ(requests.wait(0, at(Seconds(0))), Nanoseconds(0)) << "what takes nothing passes";
}

}  // namespace
}  // namespace tidegate::quota
