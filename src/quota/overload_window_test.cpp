// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/overload_window.h"

#include "quota/room_fixture.h"

#include <gtest/gtest.h>

#include <deque>

namespace tidegate::quota {
namespace {

constexpr double kUnbounded = OverloadWindow::kUnbounded;

/// A volley of requests that are sent together; the last of them fail.
bool volley(OverloadWindow& window, double time, int count, int failing, const OverloadWindow::Beside& beside) {
  std::uint64_t place = 0;
  for (int i = 0; i < count; ++i) place = window.sent();
  window.reached(at(time), count);
  bool narrowed = false;
  for (int i = failing; i > 0; --i) narrowed = window.failed(at(time), place + 1 - static_cast<std::uint64_t>(i), beside) || narrowed;
  return narrowed;
}

TEST(OverloadWindow, FewFailuresAmongManyBoundNothing) {
  OverloadWindow window;
  EXPECT_FALSE(volley(window, 0, 40, 7, {.in_flight = 40}));
  EXPECT_EQ(window.size(), kUnbounded);
}

TEST(OverloadWindow, AQuarterOfTheLastThirtyTwoHalvesWhatIsOut) {
  OverloadWindow window;
  EXPECT_TRUE(volley(window, 0, 40, 8, {.in_flight = 40}));
  EXPECT_EQ(window.size(), 20);
}

TEST(OverloadWindow, TwoFailuresAreNoSignEvenIfNothingElseWasSent) {
  OverloadWindow window;
  EXPECT_FALSE(volley(window, 0, 2, 2, {.in_flight = 2}));
  EXPECT_TRUE(volley(window, 1, 1, 1, {.in_flight = 1}));
}

TEST(OverloadWindow, TheFirstToFailOfAFirstBurstAreNotAllThereIs) {
  OverloadWindow window;
  for (int i = 0; i < 40; ++i) (void)window.sent();
  for (std::uint64_t place = 1; place <= 7; ++place) EXPECT_FALSE(window.failed(at(0), place, {.in_flight = 40}));
  EXPECT_TRUE(window.failed(at(0), 8, {.in_flight = 40}));
}

TEST(OverloadWindow, FailuresFarApartDoNotAddUp) {
  OverloadWindow window;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(volley(window, 16 * i, 1, 1, {.in_flight = 1})) << i;
}

TEST(OverloadWindow, WhatWasSentBeforeAReductionDoesNotReduceAgain) {
  OverloadWindow window;
  EXPECT_TRUE(volley(window, 0, 100, 10, {.in_flight = 100}));
  EXPECT_EQ(window.size(), 50);
  for (std::uint64_t place = 1; place <= 90; ++place) EXPECT_FALSE(window.failed(at(0.1), place, {.in_flight = 90}));
  EXPECT_EQ(window.size(), 50);
  EXPECT_TRUE(volley(window, 1, 40, 20, {.in_flight = 40}));
  EXPECT_EQ(window.size(), 20);
}

TEST(OverloadWindow, ItIsNeverSmallerThanWhatSucceededInTheLastTenSeconds) {
  OverloadWindow window;
  for (int i = 0; i < 30; ++i) window.answered(at(i / 5.0));
  EXPECT_TRUE(volley(window, 6, 32, 32, {.in_flight = 32, .service_seconds = 20}));
  EXPECT_EQ(window.size(), 60);
}

TEST(OverloadWindow, ItDoublesWithEachRoundUpToWhatWasGoodAndThenGrowsByOne) {
  OverloadWindow window;
  ASSERT_TRUE(volley(window, 0, 40, 40, {.in_flight = 40}));
  ASSERT_EQ(window.size(), 20);
  for (int i = 0; i < 20; ++i) window.answered(at(1));
  EXPECT_EQ(window.size(), 40);
  for (int i = 0; i < 40; ++i) window.answered(at(2));
  EXPECT_NEAR(window.size(), 41, 0.02);
}

TEST(OverloadWindow, ABoundThatDoesNotMatterIsForgottenInTenSeconds) {
  OverloadWindow window;
  ASSERT_TRUE(volley(window, 0, 40, 40, {.in_flight = 40}));
  window.advance(at(9.9));
  EXPECT_EQ(window.size(), 20);
  window.advance(at(10));
  EXPECT_EQ(window.size(), kUnbounded);
}

TEST(OverloadWindow, ABoundThatMattersIsForgottenInThirty) {
  OverloadWindow window;
  ASSERT_TRUE(volley(window, 0, 40, 40, {.in_flight = 40}));
  for (int second = 1; second < 30; ++second) {
    window.reached(at(second), 20);
    window.advance(at(second));
    EXPECT_EQ(window.size(), 20);
    EXPECT_EQ(window.seconds_left(at(second)), 30 - second);
  }
  window.advance(at(30));
  EXPECT_EQ(window.size(), kUnbounded);
  EXPECT_EQ(window.seconds_left(at(30)), 0);
}

TEST(OverloadWindow, RandomFailuresOfFivePercentHardlyEverBoundAnything) {
  for (const unsigned seed : seeds(20)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Dice dice(seed);
    OverloadWindow window;
    int reductions = 0;
    for (int i = 0; i < 4 * 3'600; ++i) {
      const std::uint64_t place = window.sent();
      if (dice.between(0, 1) < 0.05) reductions += window.failed(at(i / 4.0), place, {.in_flight = 40}) ? 1 : 0;
      else window.answered(at(i / 4.0));
    }
    EXPECT_LE(reductions, 3);
  }
}

TEST(OverloadWindow, HalfOfTheRequestsFailingBoundsWithinTenSeconds) {
  for (const unsigned seed : seeds(20)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Dice dice(seed);
    OverloadWindow window;
    for (int i = 0; i < 400; ++i) (void)window.sent();
    bool narrowed = false;
    for (int i = 0; i < 40 && !narrowed; ++i) {
      const std::uint64_t place = window.sent();
      if (dice.once_in(2)) narrowed = window.failed(at(100 + i / 4.0), place, {.in_flight = 40});
    }
    EXPECT_TRUE(narrowed);
  }
}

}  // namespace
}  // namespace tidegate::quota
