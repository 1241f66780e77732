// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "routing/breaker.h"

#include <gtest/gtest.h>

namespace tidegate::routing {
namespace {

SteadyTime at(double seconds) { return SteadyTime(std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(1'000 + seconds))); }

Breaker opened() {
  Breaker breaker;
  for (int i = 0; i < 5; ++i) breaker.failed(at(0));
  return breaker;
}

TEST(Breaker, FiveFailuresInARowOpenIt) {
  Breaker breaker;
  for (int i = 0; i < 4; ++i) breaker.failed(at(0));
  EXPECT_TRUE(breaker.may_go(at(0)));
  breaker.failed(at(0));
  EXPECT_FALSE(breaker.may_go(at(0)));
  EXPECT_EQ(breaker.state(), Breaker::State::Open);
}

TEST(Breaker, ASuccessEndsTheRow) {
  Breaker breaker;
  for (int i = 0; i < 4; ++i) breaker.failed(at(0));
  breaker.succeeded(at(0));
  breaker.failed(at(0));
  EXPECT_EQ(breaker.state(), Breaker::State::Closed);
}

TEST(Breaker, HalfOfManyOpenItWithoutARow) {
  Breaker breaker;
  for (int i = 0; i < 100 && breaker.state() == Breaker::State::Closed; ++i) {
    breaker.succeeded(at(0.01 * i));
    breaker.failed(at(0.01 * i));
  }
  EXPECT_EQ(breaker.state(), Breaker::State::Open);
}

TEST(Breaker, AFewAmongManyDoNotOpenIt) {
  Breaker breaker;
  for (int i = 0; i < 1'000; ++i) {
    if (i % 4 == 0) breaker.failed(at(0.01 * i));
    else breaker.succeeded(at(0.01 * i));
  }
  EXPECT_EQ(breaker.state(), Breaker::State::Closed);
}

TEST(Breaker, OneProbeLooksAndBringsItBack) {
  Breaker breaker = opened();
  EXPECT_FALSE(breaker.may_go(at(4.9)));
  EXPECT_TRUE(breaker.may_go(at(5)));
  EXPECT_EQ(breaker.state(), Breaker::State::HalfOpen);
  EXPECT_FALSE(breaker.may_go(at(5))) << "one at a time";
  breaker.succeeded(at(6));
  EXPECT_TRUE(breaker.may_go(at(6)));
  EXPECT_EQ(breaker.state(), Breaker::State::Closed);
}

TEST(Breaker, AFailedProbeWaitsLonger) {
  Breaker breaker = opened();
  ASSERT_TRUE(breaker.may_go(at(5)));
  breaker.failed(at(6));
  EXPECT_FALSE(breaker.may_go(at(15.9)));
  EXPECT_TRUE(breaker.may_go(at(16)));
  double now = 16;
  for (int i = 0; i < 10; ++i) {
    breaker.failed(at(now));
    now += 60;
    ASSERT_TRUE(breaker.may_go(at(now))) << "never longer than a minute";
  }
}

TEST(Breaker, AProbeThatNeverEndsMakesRoomForAnother) {
  Breaker breaker = opened();
  ASSERT_TRUE(breaker.may_go(at(5)));
  EXPECT_FALSE(breaker.may_go(at(14)));
  EXPECT_TRUE(breaker.may_go(at(15)));
}

TEST(Breaker, OldRequestsThatFailDoNotProlongThePause) {
  Breaker breaker = opened();
  for (int i = 0; i < 100; ++i) breaker.failed(at(4));
  EXPECT_TRUE(breaker.may_go(at(5)));
}

}  // namespace
}  // namespace tidegate::routing
