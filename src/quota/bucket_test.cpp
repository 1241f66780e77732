// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/bucket.h"
#include "quota/room_fixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace tidegate::quota {
namespace {

constexpr auto kRequests = Dimension::Requests;
constexpr auto kInput = Dimension::Input;
constexpr auto kOutput = Dimension::Output;
constexpr auto kTokens = Dimension::Tokens;

Need need(double input = 100, double output = 100, double max_tokens = 1'000) {
  return {.input = input, .predicted_output = output, .mean_output = output, .max_tokens = max_tokens};
}

/// A bucket whose time is moved by each call.
struct TestBucket {
  explicit TestBucket(const Limits& pool_limits = {}, BucketSettings settings = {}) : bucket(at(0), settings) {
    bucket.set_limits(at(0), pool_limits);
  }
  Flight admit(double time, const Need& wanted = need()) {
    bucket.advance(at(time));
    return bucket.admit(wanted);
  }
  Wait wait(double time, const Need& wanted = need()) {
    bucket.advance(at(time));
    return bucket.wait(wanted);
  }
  void answered(double time, Flight& flight, const Readings& readings = {}) {
    bucket.advance(at(time));
    bucket.answered(flight, readings);
  }
  void end(double time, Flight& flight) {
    bucket.advance(at(time));
    bucket.end(flight);
  }
  void refuse(double time, Flight& flight, const Refusal& why) {
    bucket.advance(at(time));
    bucket.refuse(flight, need(), why);
  }
  double level(double time, Dimension d) {
    bucket.advance(at(time));
    return bucket.level(d);
  }
  Bucket bucket;
};

#define EXPECT_WAIT(wait_given, seconds_expected, obstacle_expected)                                 \
  do {                                                                                               \
    const Wait found = wait_given;                                                                   \
    EXPECT_NEAR(found.seconds, seconds_expected, 1e-6);                                              \
    EXPECT_EQ(found.obstacle, obstacle_expected) << to_string(found.obstacle);                       \
  } while (false)

TEST(Bucket, AnAnswerThatEndsWithItsCountIsOneThatWasCountedAndThenEnded) {
  for (const OutputAccounting accounting : {OutputAccounting::AsProduced, OutputAccounting::ReserveMaximum}) {
    for (const double counted : {0.0, 10.0, 100.0, 2'000.0}) {
      TestBucket in_one(limits(60, 10'000, 8'000, 20'000), {.accounting = accounting}), in_two(limits(60, 10'000, 8'000, 20'000), {.accounting = accounting});
      Flight one = in_one.admit(0), other = in_two.admit(0);
      Flight beside_one = in_one.admit(1), beside_other = in_two.admit(1);
      for (TestBucket* const test : {&in_one, &in_two}) test->bucket.advance(at(2));
      in_one.bucket.produce(one, 40);
      in_two.bucket.produce(other, 40);
      in_one.bucket.end(one, counted);
      in_two.bucket.settle_output(other, counted);
      in_two.bucket.end(other);
      EXPECT_EQ(one.produced, other.produced);
      EXPECT_FALSE(one.is_open);
      EXPECT_EQ(in_one.bucket.held(), in_two.bucket.held());
      EXPECT_EQ(in_one.bucket.in_flight(), 1);
      for (const Dimension d : kAllDimensions) EXPECT_DOUBLE_EQ(in_one.bucket.level(d), in_two.bucket.level(d)) << to_string(d);
      in_one.bucket.end(beside_one);
      in_two.bucket.end(beside_other);
      EXPECT_EQ(in_one.bucket.held(), 0);
    }
  }
}

// ---- levels

TEST(Bucket, FillsUpByTheLimitDividedBySixtyEachSecond) {
  TestBucket test(limits(60, 6'000));
  test.admit(0, need(3'000));
  EXPECT_DOUBLE_EQ(test.level(0, kRequests), 59);
  EXPECT_DOUBLE_EQ(test.level(0, kInput), 3'000);
  EXPECT_DOUBLE_EQ(test.level(0.5, kRequests), 59.5);
  EXPECT_DOUBLE_EQ(test.level(10, kInput), 4'000);
  EXPECT_DOUBLE_EQ(test.level(100, kInput), 6'000);
}

TEST(Bucket, TimeNeverGoesBack) {
  TestBucket test(limits(60));
  test.admit(10);
  test.bucket.advance(at(5));
  EXPECT_EQ(test.bucket.now(), at(10));
  EXPECT_DOUBLE_EQ(test.level(10, kRequests), 59);
}

TEST(Bucket, ARequestWaitsForItselfAndTheMargin) {
  TestBucket test(limits(60, 60'000));
  for (int i = 0; i < 60; ++i) test.admit(0, need(0));
  EXPECT_WAIT(test.wait(0), 1.25, Obstacle::Requests);
  EXPECT_WAIT(test.wait(1.25), 0, Obstacle::None);
  test.bucket.set_level(at(1.25), kInput, 1'000);
  EXPECT_WAIT(test.wait(1.25, need(2'000)), 1.25, Obstacle::Input);
}

TEST(Bucket, OutputLetsARequestThroughAsLongAsThereIsAnyLeft) {
  TestBucket test(limits({}, {}, 6'000));
  test.bucket.set_level(at(0), kOutput, -99);
  EXPECT_WAIT(test.wait(0, need(100, 0)), 1.25, Obstacle::Output);  // (1 + 25 + 99) ÷ 100 per second
}

TEST(Bucket, WhatIsPredictedToBeProducedMustComeInTime) {
  TestBucket test(limits({}, {}, 600));  // 10 tokens per second; an answer draws 60
  const Need large = need(10, 500);
  EXPECT_WAIT(test.wait(0, large), 0, Obstacle::None);
  test.admit(0, large);
  // 600 + 10 × 500 ÷ 60 − 1000 would be left at the end of both.
  EXPECT_NEAR(test.wait(0, large).seconds, (1'000 - 600 - 83.3) / 10, 3.2);  // two classes of 16 tokens
  EXPECT_EQ(test.wait(0, large).obstacle, Obstacle::Output);
  EXPECT_WAIT(test.wait(0, need(10, 100)), 0, Obstacle::None);
}

TEST(Bucket, ALoneAnswerMayOverdraw) {
  TestBucket test(limits({}, {}, 600));
  EXPECT_WAIT(test.wait(0, need(10, 5'000)), 0, Obstacle::None);
}

TEST(Bucket, InputAndOutputTogetherAreADimensionOfTheirOwn) {
  TestBucket test(limits({}, {}, {}, 6'000));
  Flight flight = test.admit(0, need(2'000));
  EXPECT_DOUBLE_EQ(test.level(0, kTokens), 4'000);
  test.bucket.produce(flight, 500);
  EXPECT_DOUBLE_EQ(test.level(0, kTokens), 3'500);
  EXPECT_WAIT(test.wait(0, need(4'000, 0)), 5.26, Obstacle::Tokens);  // (4000 + 1 + 25 − 3500) ÷ 100
}

TEST(Bucket, WhatIsLargerThanTheBucketNeverFits) {
  TestBucket test(limits(60, 6'000));
  EXPECT_WAIT(test.wait(0, need(6'000)), 0, Obstacle::None);
  const Wait wait = test.wait(0, need(6'001));
  EXPECT_EQ(wait.seconds, kNever);
  EXPECT_EQ(wait.obstacle, Obstacle::TooLarge);
}

TEST(Bucket, WithoutLimitsEverythingGoesOnceAnAnswerHasCome) {
  TestBucket test;
  Flight first = test.admit(0);
  test.answered(1, first);
  for (int i = 0; i < 100; ++i) {
    EXPECT_WAIT(test.wait(1, need(1e6, 1e5)), 0, Obstacle::None);
    test.admit(1, need(1e6, 1e5));
  }
}

TEST(Bucket, LimitsThatMakeNoSenseAreNoLimits) {
  for (const double limit : {0.0, -1.0, 0.5, std::nan(""), kNever}) {
    TestBucket test(limits(limit));
    EXPECT_FALSE(test.bucket.has_limit(kRequests)) << limit;
    EXPECT_FALSE(test.bucket.is_learned()) << limit;
  }
}

TEST(Bucket, ConfiguringTheSameLimitAgainDoesNotFillIt) {
  TestBucket test(limits(60));
  for (int i = 0; i < 50; ++i) test.admit(0);
  test.bucket.set_limits(at(0), limits(60));
  EXPECT_DOUBLE_EQ(test.bucket.level(kRequests), 10);
  test.bucket.set_limits(at(0), limits(120));
  EXPECT_DOUBLE_EQ(test.bucket.level(kRequests), 10);
  EXPECT_DOUBLE_EQ(test.bucket.depth(kRequests), 120);
}

TEST(Bucket, ARestoredLevelIsAtMostFull) {
  TestBucket test(limits(60));
  test.bucket.set_level(at(0), kRequests, 12);
  EXPECT_EQ(test.bucket.level(kRequests), 12);
  test.bucket.set_level(at(0), kRequests, 1'000);
  EXPECT_EQ(test.bucket.level(kRequests), 60);
  test.bucket.set_level(at(0), kInput, 1'000);
  EXPECT_FALSE(test.bucket.has_limit(kInput));
}

// ---- the life of a flight

TEST(Bucket, HoldsAreWhatAnswersInFlightWillStillProduce) {
  TestBucket test(limits(60, 60'000, 60'000));
  Flight one = test.admit(0, need(100, 500));
  Flight other = test.admit(0, need(100, 300));
  EXPECT_EQ(test.bucket.held(), 800);
  test.bucket.produce(one, 400);
  EXPECT_EQ(test.bucket.held(), 400);
  test.bucket.produce(one, 1'000);  // longer than predicted: a little is always to come
  EXPECT_EQ(test.bucket.held(), 332);
  test.end(5, one);
  test.end(5, one);
  test.bucket.produce(one, 1'000);
  EXPECT_EQ(test.bucket.held(), 300);
  EXPECT_EQ(test.bucket.in_flight(), 1);
  test.refuse(5, other, refusal(RefusalKind::Unreachable));
  test.end(5, other);
  EXPECT_EQ(test.bucket.held(), 0);
  EXPECT_EQ(test.bucket.in_flight(), 0);
}

TEST(Bucket, TheProvidersCountReplacesTheEstimate) {
  TestBucket test(limits(60, 6'000));
  Flight flight = test.admit(0, need(1'000));
  test.bucket.settle_input(flight, 1'500);
  EXPECT_DOUBLE_EQ(test.bucket.level(kInput), 4'500);
  test.bucket.settle_input(flight, 200);
  EXPECT_DOUBLE_EQ(test.bucket.level(kInput), 5'800);
  test.bucket.settle_input(flight, -1);
  test.bucket.settle_input(flight, 200);
  EXPECT_DOUBLE_EQ(test.bucket.level(kInput), 5'800);
  test.end(0, flight);
  test.bucket.settle_input(flight, 3'000);
  EXPECT_DOUBLE_EQ(test.bucket.level(kInput), 5'800);
}

TEST(Bucket, ARefusedRequestHasUsedNothing) {
  TestBucket test(limits(60, 6'000, 6'000, 6'000));
  Flight flight = test.admit(0, need(1'000));
  test.refuse(0, flight, refusal(RefusalKind::Rate, 5));
  EXPECT_EQ(test.bucket.level(kRequests), 60);
  EXPECT_EQ(test.bucket.level(kInput), 6'000);
  EXPECT_EQ(test.bucket.level(kTokens), 6'000);
  EXPECT_EQ(test.bucket.held(), 0);
}

TEST(Bucket, AProviderThatReservesTheMaximumIsMirrored) {
  TestBucket test(limits(60, {}, {}, 10'000), {.accounting = OutputAccounting::ReserveMaximum});
  Flight flight = test.admit(0, need(1'000, 100, 4'000));
  EXPECT_EQ(test.bucket.level(kTokens), 5'000);
  EXPECT_EQ(test.bucket.held(), 0);
  test.bucket.produce(flight, 500);
  EXPECT_EQ(test.bucket.level(kTokens), 5'000);
  EXPECT_WAIT(test.wait(0, need(1'000, 100, 4'000)), (5'000 + 10'000 / 240.0 - 5'000) / (10'000 / 60.0), Obstacle::Tokens);
  test.end(0, flight);
  EXPECT_EQ(test.bucket.level(kTokens), 8'500);
  EXPECT_EQ(test.wait(0, need(9'000, 100, 1'001)).obstacle, Obstacle::TooLarge);
}

TEST(Bucket, BeyondAReservationEachTokenCounts) {
  TestBucket test(limits({}, {}, 10'000), {.accounting = OutputAccounting::ReserveMaximum});
  Flight flight = test.admit(0, need(1'000, 100, 400));
  test.bucket.produce(flight, 300);
  test.bucket.produce(flight, 300);
  EXPECT_EQ(test.bucket.level(kOutput), 9'400);
  test.end(0, flight);
  EXPECT_EQ(test.bucket.level(kOutput), 9'400);
}

TEST(Bucket, ARequestThatNamesNoMaximumReservesWhatIsPredicted) {
  TestBucket test(limits({}, {}, 10'000), {.accounting = OutputAccounting::ReserveMaximum});
  test.admit(0, need(1'000, 700, 0));
  EXPECT_EQ(test.bucket.level(kOutput), 9'300);
}

TEST(Bucket, SpeedIsLearnedFromAnswersThatCameBitByBit) {
  TestBucket test;
  Flight streamed = test.admit(0);
  test.bucket.advance(at(1));
  test.bucket.produce(streamed, 1);
  test.bucket.advance(at(11));
  test.bucket.produce(streamed, 1'599);
  test.end(11, streamed);
  EXPECT_DOUBLE_EQ(test.bucket.stream_speed(), 65);  // 60 + 5 % of 160 − 60
  Flight at_once = test.admit(20);
  test.bucket.advance(at(30));
  test.bucket.produce(at_once, 1'600);
  test.end(30, at_once);
  EXPECT_DOUBLE_EQ(test.bucket.stream_speed(), 65);
}

// ---- learning from nothing

TEST(Bucket, OfAnUnknownPoolOnlyFourRequestsAreOutUntilOneIsAnswered) {
  TestBucket test;
  std::vector<Flight> flights;
  for (int i = 0; i < 4; ++i) {
    EXPECT_WAIT(test.wait(0), 0, Obstacle::None);
    flights.push_back(test.admit(0));
  }
  EXPECT_WAIT(test.wait(0), 0.05, Obstacle::Learning);
  test.answered(1, flights[2]);
  EXPECT_WAIT(test.wait(1), 0, Obstacle::None);
}

TEST(Bucket, TheFirstReadingOfALimitCountsAllThatIsOut) {
  TestBucket test;
  std::vector<Flight> flights;
  for (int i = 0; i < 4; ++i) flights.push_back(test.admit(0));
  test.answered(0.6, flights[0], reading(kRequests, 5, 4));
  // The other three may not have been counted yet.
  EXPECT_DOUBLE_EQ(test.bucket.level(kRequests), 1);
  test.answered(0.7, flights[3], reading(kRequests, 5, 1));
  EXPECT_NEAR(test.bucket.level(kRequests), 1, 0.1);
  EXPECT_EQ(test.bucket.limit(kRequests), 5);
}

TEST(Bucket, AFirstReadingOfAnEmptyBucketIsEmpty) {
  TestBucket test;
  Flight flight = test.admit(0);
  test.answered(0.6, flight, reading(kInput, 30'000, 0));
  EXPECT_LE(test.bucket.level(kInput), 0);
  EXPECT_TRUE(std::isfinite(test.bucket.level(kInput)));
  EXPECT_NEAR(test.level(60.6, kInput), 30'000, 1'000);
}

// ---- header readings

TEST(Bucket, AReadingWithinWhatIsPossibleChangesNothing) {
  TestBucket test(limits(60, 60'000));
  Flight flight = test.admit(0, need(10'000));
  Readings readings = reading(kInput, 60'000, 50'000);
  readings[kRequests] = {60, 59, {}};
  test.answered(0.5, flight, readings);
  EXPECT_DOUBLE_EQ(test.bucket.level(kInput), 50'500);
  EXPECT_DOUBLE_EQ(test.bucket.level(kRequests), 59.5);
}

TEST(Bucket, ALowerReadingLowersTheLevelToWhatIsPossible) {
  TestBucket test(limits(60));
  Flight flight = test.admit(0);
  test.answered(2, flight, reading(kRequests, 60, 30));
  EXPECT_DOUBLE_EQ(test.bucket.level(kRequests), 33);  // it was read up to two seconds ago, and rounded down
}

TEST(Bucket, AHigherReadingRaisesTheLevelByNoMoreThanIsSure) {
  TestBucket test(limits(60));
  test.bucket.set_level(at(0), kRequests, 11);
  Flight flight = test.admit(0);
  test.admit(0.5);
  test.admit(1);
  test.answered(1, flight, reading(kRequests, 60, 40));
  EXPECT_DOUBLE_EQ(test.bucket.level(kRequests), 38);  // the two others may have come after the reading
}

TEST(Bucket, TokensAreRoundedToTheThousand) {
  TestBucket test(limits({}, 60'000));
  Flight flight = test.admit(0, need(400));
  test.answered(0, flight, reading(kInput, 60'000, 60'000));
  EXPECT_DOUBLE_EQ(test.bucket.level(kInput), 59'600);
  test.answered(0, flight, reading(kInput, 60'000, 59'000));
  EXPECT_DOUBLE_EQ(test.bucket.level(kInput), 59'520);  // 59,000 + 500 and the twentieth of the estimate
}

TEST(Bucket, TheOrderOfAnswersDoesNotMatter) {
  for (const bool in_order : {true, false}) {
    TestBucket test(limits(60));
    std::vector<Flight> flights;
    for (int i = 0; i < 10; ++i) flights.push_back(test.admit(0));
    // The provider admitted them in order; each answer tells of its own moment.
    for (int i = 0; i < 10; ++i) {
      const int which = in_order ? i : 9 - i;
      test.answered(0, flights[static_cast<std::size_t>(which)], reading(kRequests, 60, 59 - which));
    }
    EXPECT_DOUBLE_EQ(test.bucket.level(kRequests), 50) << in_order;
  }
}

TEST(Bucket, TheSameReadingTwiceIsOne) {
  TestBucket test(limits(60));
  Flight flight = test.admit(0);
  test.answered(1, flight, reading(kRequests, 60, 20));
  const double once = test.bucket.level(kRequests);
  test.answered(1, flight, reading(kRequests, 60, 20));
  EXPECT_EQ(test.bucket.level(kRequests), once);
}

TEST(Bucket, AReadingOfAnAnswerThatTookLongerThanTheLogSaysHowMuchAtMost) {
  TestBucket test(limits(60));
  Flight slow = test.admit(0);
  for (int i = 1; i <= 400; ++i) test.admit(i * 1.01);
  const double before = test.level(404, kRequests);
  test.answered(404, slow, reading(kRequests, 60, 59));
  EXPECT_EQ(test.bucket.level(kRequests), before);
}

TEST(Bucket, ANewLimitScalesTheBucket) {
  TestBucket test(limits(60));
  Flight flight = test.admit(0);
  test.answered(1, flight, reading(kRequests, 30, 30));
  EXPECT_EQ(test.bucket.limit(kRequests), 30);
  EXPECT_EQ(test.bucket.depth(kRequests), 30);
  EXPECT_EQ(test.bucket.level(kRequests), 30);
  EXPECT_EQ(test.bucket.rate(kRequests), 0.5);
}

TEST(Bucket, ALimitThatDropsToOneAndComesBackIsFullAgainWithinAMinute) {
  TestBucket test(limits(60, 60'000));
  test.bucket.set_limits(at(0), limits(60, 60'000), 10);
  Flight one = test.admit(0);
  test.answered(1, one, reading(kInput, 1, 0));
  EXPECT_LE(test.bucket.level(kInput), 1);
  Flight other = test.admit(2);
  test.answered(3, other, reading(kInput, 60'000, 0));
  EXPECT_EQ(test.bucket.depth(kInput), 10'000);  // still ten seconds
  EXPECT_EQ(test.level(63, kInput), 10'000);
}

TEST(Bucket, GarbageIsNotAnObservation) {
  const double nan = std::nan("");
  const std::vector<Reading> garbage = {
      {},         {60, {}, {}},   {{}, 10, {}},       {0, 10, {}},   {-60, 10, {}},  {nan, 10, {}}, {kNever, 10, {}},
      {0.1, 0, 1}, {60, -1, {}},   {60, nan, {}},      {60, kNever, {}}, {{}, {}, 30},  {{}, 10, 30},
  };
  for (const Reading& read : garbage) {
    TestBucket test(limits(60));
    test.bucket.set_level(at(0), kRequests, 40);
    Flight flight = test.admit(0);
    Readings readings;
    readings[kRequests] = read;
    readings[kInput] = read;
    test.answered(1, flight, readings);
    EXPECT_EQ(test.bucket.level(kRequests), 40);
    EXPECT_EQ(test.bucket.limit(kRequests), 60);
    EXPECT_EQ(test.bucket.depth(kRequests), 60);
    EXPECT_EQ(test.bucket.foreign(kRequests), 0);
  }
}

TEST(Bucket, MoreRemainingThanTheLimitIsAFullBucket) {
  TestBucket test(limits(60));
  test.bucket.set_level(at(0), kRequests, 10);
  Flight flight = test.admit(0);
  test.answered(0, flight, reading(kRequests, 60, 1e300));
  EXPECT_DOUBLE_EQ(test.bucket.level(kRequests), 60);
}

TEST(Bucket, ARefusalsHeadersAreReadToo) {
  TestBucket test(limits(60));
  Flight flight = test.admit(0);
  test.refuse(0, flight, refusal(RefusalKind::Rate, 3, reading(kRequests, 60, 0)));
  EXPECT_DOUBLE_EQ(test.bucket.level(kRequests), 1);
}

// ---- the depth of the bucket

TEST(Bucket, TheTimeUntilFullTellsHowDeepTheBucketIs) {
  TestBucket test(limits({}, 60'000));
  Flight flight = test.admit(0, need(1'000));
  test.answered(0, flight, reading(kInput, 60'000, 9'000, 1));
  EXPECT_EQ(test.bucket.depth(kInput), 10'000);
  EXPECT_LE(test.bucket.level(kInput), 10'000);
  test.answered(0, flight, reading(kInput, 60'000, 10'000, 10));  // 20,000: another opinion counts a tenth
  EXPECT_EQ(test.bucket.depth(kInput), 11'000);
}

TEST(Bucket, ADepthWithinRoundingIsLeftAlone) {
  TestBucket test(limits({}, 60'000));
  Flight flight = test.admit(0, need(1'000));
  test.answered(0, flight, reading(kInput, 60'000, 59'000, 0));
  EXPECT_EQ(test.bucket.depth(kInput), 60'000);
}

TEST(Bucket, ADepthIsNeverMoreThanTheLimit) {
  TestBucket test(limits({}, 60'000));
  Flight flight = test.admit(0, need(1'000));
  test.answered(0, flight, reading(kInput, 60'000, 50'000, 1e300));
  EXPECT_EQ(test.bucket.depth(kInput), 60'000);
}

TEST(Bucket, ADepthThatNobodyConfirmsIsForgotten) {
  TestBucket test(limits({}, 60'000));
  Flight flight = test.admit(0, need(1'000));
  test.answered(0, flight, reading(kInput, 60'000, 500, 0));
  EXPECT_EQ(test.level(800, kInput), 500);
  EXPECT_EQ(test.bucket.depth(kInput), 500);
  EXPECT_GT(test.level(905, kInput), 5'000);
}

// ---- others who use the same organisation

TEST(Bucket, ALevelThatKeepsFallingShortShowsThatOthersUseIt) {
  TestBucket test(limits(60));
  EXPECT_FALSE(test.bucket.sees_foreign_use());
  double true_level = 60;
  for (int i = 0; i < 60; ++i) {
    Flight flight = test.admit(i * 2);
    true_level = std::min(60.0, true_level + 2) - 1 - 1.6;  // others: 0.8 per second
    test.answered(i * 2, flight, reading(kRequests, 60, std::floor(true_level)));
    test.end(i * 2, flight);
  }
  EXPECT_TRUE(test.bucket.sees_foreign_use());
  EXPECT_NEAR(test.bucket.foreign(kRequests), 0.7, 0.2);
}

TEST(Bucket, WhereOthersTakeTheirShareMoreIsKeptBack) {
  TestBucket test(limits(60));
  Flight first = test.admit(0);
  test.answered(0, first, reading(kRequests, 60, 59));
  Flight flight = test.admit(1);
  test.answered(1, flight, reading(kRequests, 60, 20));
  ASSERT_TRUE(test.bucket.sees_foreign_use());
  test.bucket.set_level(at(1), kRequests, 6.9);
  EXPECT_EQ(test.wait(1).obstacle, Obstacle::Requests);
  test.bucket.set_level(at(1), kRequests, 7.01);
  EXPECT_WAIT(test.wait(1), 0, Obstacle::None);
}

TEST(Bucket, ForeignUseIsForgottenWhenItEnds) {
  TestBucket test(limits(60));
  Flight flight = test.admit(0);
  test.answered(0, flight, reading(kRequests, 60, 59));
  Flight other = test.admit(1);
  test.answered(1, other, reading(kRequests, 60, 20));
  const double seen = test.bucket.foreign(kRequests);
  EXPECT_GT(seen, 0.1);
  for (int i = 1; i <= 60; ++i) {
    Flight later = test.admit(i * 20);
    test.answered(i * 20, later, reading(kRequests, 60, 59));
  }
  EXPECT_LT(test.bucket.foreign(kRequests), 0.01);
}

// ---- refusals

TEST(Bucket, AfterARefusalNothingGoesBeforeTheTimeThatTheProviderNamed) {
  TestBucket test(limits(60));
  Flight flight = test.admit(0);
  test.refuse(0, flight, refusal(RefusalKind::Rate, 7));
  EXPECT_WAIT(test.wait(0), 7, Obstacle::RetryAfter);
  EXPECT_WAIT(test.wait(6.9), 0.1, Obstacle::RetryAfter);
  EXPECT_NEAR(test.bucket.next_change_seconds(), 0.1, 1e-9);
  EXPECT_WAIT(test.wait(7), 0, Obstacle::None);
}

TEST(Bucket, OneRequestProbesAndItsAnswerOpensTheWay) {
  TestBucket test(limits(60));
  Flight refused = test.admit(0), older = test.admit(0);
  test.refuse(0, refused, refusal(RefusalKind::Rate, 7));
  Flight probe = test.admit(7);
  EXPECT_WAIT(test.wait(7), 0.05, Obstacle::Probe);
  test.answered(7.1, older);  // an answer to what was sent before says nothing
  EXPECT_WAIT(test.wait(7.1), 0.05, Obstacle::Probe);
  test.answered(7.2, probe);
  EXPECT_WAIT(test.wait(7.2), 0, Obstacle::None);
}

TEST(Bucket, ThreeHundredMillisecondsWithoutARefusalOpenTheWayToo) {
  TestBucket test(limits(60));
  Flight flight = test.admit(0);
  test.refuse(0, flight, refusal(RefusalKind::Rate, 7));
  test.admit(7);
  EXPECT_WAIT(test.wait(7.29), 0.05, Obstacle::Probe);
  EXPECT_NEAR(test.bucket.next_change_seconds(), 0.01, 1e-9);
  EXPECT_WAIT(test.wait(7.3), 0, Obstacle::None);
}

TEST(Bucket, AProbeThatIsRefusedStartsItOver) {
  TestBucket test(limits(60));
  Flight flight = test.admit(0);
  test.refuse(0, flight, refusal(RefusalKind::Rate, 1));
  Flight probe = test.admit(1);
  test.refuse(1.1, probe, refusal(RefusalKind::Rate, 2));
  EXPECT_WAIT(test.wait(1.1), 2, Obstacle::RetryAfter);
  Flight next = test.admit(3.1);
  EXPECT_EQ(test.wait(3.1).obstacle, Obstacle::Probe);
  test.answered(3.2, next);
  EXPECT_WAIT(test.wait(3.2), 0, Obstacle::None);
}

TEST(Bucket, AProbeThatIsGivenUpMakesWayForAnother) {
  TestBucket test(limits(60));
  Flight flight = test.admit(0);
  test.refuse(0, flight, refusal(RefusalKind::Rate, 1));
  Flight probe = test.admit(1);
  test.end(1.1, probe);
  EXPECT_WAIT(test.wait(1.1), 0, Obstacle::None);
}

TEST(Bucket, WithoutATimeTheRefusedWaitLongerEachTime) {
  TestBucket test(limits(60));
  double time = 0;
  for (const double pause : {1, 2, 4, 8, 16, 32, 60, 60}) {
    Flight flight = test.admit(time);
    test.refuse(time, flight, refusal(RefusalKind::Rate));
    EXPECT_WAIT(test.wait(time), pause, Obstacle::RetryAfter);
    time += pause;
  }
  Flight good = test.admit(time);
  test.answered(time, good);
  Flight flight = test.admit(time + 1);
  test.refuse(time + 1, flight, refusal(RefusalKind::Rate));
  EXPECT_WAIT(test.wait(time + 1), 1, Obstacle::RetryAfter);
}

TEST(Bucket, RequestsThatAreRefusedTogetherCountOnce) {
  TestBucket test(limits(60));
  std::vector<Flight> flights;
  for (int i = 0; i < 20; ++i) flights.push_back(test.admit(0));
  for (Flight& flight : flights) test.refuse(0.1, flight, refusal(RefusalKind::Rate));
  EXPECT_WAIT(test.wait(0.1), 1, Obstacle::RetryAfter);
}

TEST(Bucket, ANonsensicalRetryAfterIsNone) {
  for (const double nonsense : {-5.0, std::nan("")}) {
    TestBucket test(limits(60));
    Flight flight = test.admit(0);
    test.refuse(0, flight, refusal(RefusalKind::Rate, nonsense));
    EXPECT_WAIT(test.wait(0), 1, Obstacle::RetryAfter);
  }
}

TEST(Bucket, ARampThatTellsItsFiguresCapsTheMinutes) {
  TestBucket test(limits({}, 200'000));
  Flight flight = test.admit(0, need(50'000));
  Refusal why = refusal(RefusalKind::Ramp, 20);
  why.ramp = RampFigures{60'000, 70'000};
  test.refuse(0, flight, why);
  EXPECT_WAIT(test.wait(0), 20, Obstacle::RetryAfter);
  Flight probe = test.admit(20, need(40'000));
  test.answered(20.1, probe);
  EXPECT_WAIT(test.wait(20.1, need(30'001)), 59.9, Obstacle::Pace);
  EXPECT_WAIT(test.wait(20.1, need(30'000)), 0, Obstacle::None);
  test.admit(20.1, need(30'000));
  EXPECT_WAIT(test.wait(79.9, need(1'000)), 0.1, Obstacle::Pace);
  EXPECT_WAIT(test.wait(80, need(87'500)), 0, Obstacle::None);
  test.admit(80, need(87'500));
  EXPECT_EQ(test.wait(81, need(1)).obstacle, Obstacle::Pace);
  // A quarter more each minute, until it is the limit.
  test.bucket.advance(at(20 + 14 * 60));
  test.admit(20 + 14 * 60, need(100'000));
  EXPECT_WAIT(test.wait(20 + 14 * 60, need(90'000)), 0, Obstacle::None);
}

TEST(Bucket, ARampWithoutFiguresSlowsTheAdmissionsDown) {
  TestBucket test(limits(6'000));
  std::vector<Flight> flights;
  for (int i = 0; i < 101; ++i) flights.push_back(test.admit(i * 0.1));
  test.refuse(10, flights.back(), refusal(RefusalKind::Ramp, 0));
  Flight probe = test.admit(10);
  test.answered(10, probe);
  // 100 in the last ten seconds: four fifths of ten per second.
  EXPECT_NEAR(test.wait(10).seconds, 0.125, 0.01);
  EXPECT_EQ(test.wait(10).obstacle, Obstacle::Pace);
  test.admit(20);
  EXPECT_NEAR(test.wait(20).seconds, 0.125 / std::pow(1.1, 10), 0.005);
  EXPECT_WAIT(test.wait(60), 0, Obstacle::None);
}

TEST(Bucket, TooManyAtOnceIsAboutHowManyAreOut) {
  TestBucket test(limits(6'000));
  std::vector<Flight> flights;
  for (int i = 0; i < 9; ++i) flights.push_back(test.admit(0));
  test.refuse(0.01, flights[8], refusal(RefusalKind::Concurrency));
  EXPECT_EQ(test.bucket.concurrency(), 8);
  EXPECT_WAIT(test.wait(0.1), 0.05, Obstacle::Concurrency);
  test.end(0.2, flights[0]);
  EXPECT_WAIT(test.wait(0.2), 0, Obstacle::None);
}

TEST(Bucket, HowManyAreAllowedIsTriedAgainLessAndLessOften) {
  TestBucket test(limits(6'000));
  std::vector<Flight> flights;
  const auto fill = [&](double time) {
    while (test.wait(time).seconds == 0) {
      flights.push_back(test.admit(time));
      test.answered(time, flights.back());
    }
  };
  for (int i = 0; i < 8; ++i) flights.push_back(test.admit(0));
  double time = 0.1;
  Flight ninth = test.admit(time);
  test.refuse(time, ninth, refusal(RefusalKind::Concurrency));
  // The pause between two attempts: 5 s, and twice that whenever the bound is confirmed.
  for (const double pause : {5, 10, 20, 40, 80, 160, 320, 640, 900, 900}) {
    fill(time + pause - 0.01);
    EXPECT_EQ(test.bucket.in_flight(), 8);
    EXPECT_EQ(test.wait(time + pause - 0.01).obstacle, Obstacle::Concurrency) << pause;
    time += pause + 0.001;
    EXPECT_EQ(test.wait(time).seconds, 0) << pause;
    Flight more = test.admit(time);
    test.refuse(time, more, refusal(RefusalKind::Concurrency));
  }
}

TEST(Bucket, RefusalsOfOneBurstDoNotMakeTheNextAttemptLater) {
  TestBucket test(limits(6'000));
  std::vector<Flight> flights;
  for (int i = 0; i < 20; ++i) flights.push_back(test.admit(0));
  for (int i = 19; i >= 8; --i) test.refuse(0.1, flights[static_cast<std::size_t>(i)], refusal(RefusalKind::Concurrency));
  EXPECT_EQ(test.bucket.concurrency(), 8);
  test.bucket.advance(at(5.2));
  EXPECT_EQ(test.bucket.concurrency(), 9);
}

TEST(Bucket, TwoRefusalsWithoutReasonAtTheSameNumberAreABoundToo) {
  TestBucket test(limits(6'000));
  std::vector<Flight> flights;
  for (int i = 0; i < 5; ++i) flights.push_back(test.admit(0));
  Flight sixth = test.admit(0.1);
  test.refuse(0.1, sixth, refusal(RefusalKind::Rate, 1, reading(kRequests, 6'000, 5'994)));
  EXPECT_EQ(test.bucket.concurrency(), kNever);
  Flight again = test.admit(1.1);
  test.refuse(1.1, again, refusal(RefusalKind::Rate, 1, reading(kRequests, 6'000, 5'994)));
  EXPECT_EQ(test.bucket.concurrency(), 5);
}

TEST(Bucket, ARefusalThatALimitExplainsIsNoBound) {
  TestBucket test(limits(6'000));
  for (int round = 0; round < 3; ++round) {
    Flight flight = test.admit(round * 10);
    test.refuse(round * 10, flight, refusal(RefusalKind::Rate, 1, reading(kRequests, 6'000, 0)));
    Flight bare = test.admit(round * 10 + 2);
    test.refuse(round * 10 + 2, bare, refusal(RefusalKind::Rate, 1));
  }
  EXPECT_EQ(test.bucket.concurrency(), kNever);
}

TEST(Bucket, AConfiguredConcurrencyIsKept) {
  TestBucket test(limits(6'000));
  test.bucket.set_concurrency(2);
  Flight first = test.admit(0);
  test.admit(0);
  EXPECT_WAIT(test.wait(0), 0.05, Obstacle::Concurrency);
  test.end(1, first);
  EXPECT_WAIT(test.wait(1), 0, Obstacle::None);
}

TEST(Bucket, ASpentBudgetIsProbedEveryQuarterOfAnHour) {
  TestBucket test(limits(60));
  Flight flight = test.admit(0);
  test.refuse(0, flight, refusal(RefusalKind::SpendCap));
  EXPECT_TRUE(test.bucket.is_dead());
  EXPECT_WAIT(test.wait(0), 900, Obstacle::SpendCap);
  EXPECT_WAIT(test.wait(900), 0, Obstacle::None);
  Flight probe = test.admit(900);
  EXPECT_WAIT(test.wait(900), 900, Obstacle::SpendCap);
  EXPECT_WAIT(test.wait(1'000), 800, Obstacle::SpendCap);
  test.refuse(1'001, probe, refusal(RefusalKind::SpendCap));
  EXPECT_WAIT(test.wait(1'001), 900, Obstacle::SpendCap);
  Flight second = test.admit(1'901);
  test.answered(1'902, second);
  EXPECT_FALSE(test.bucket.is_dead());
  EXPECT_WAIT(test.wait(1'902), 0, Obstacle::None);
}

TEST(Bucket, AProbeOfASpentBudgetThatIsGivenUpIsFollowedByAnother) {
  TestBucket test(limits(60));
  Flight flight = test.admit(0);
  test.refuse(0, flight, refusal(RefusalKind::SpendCap));
  Flight probe = test.admit(900);
  test.end(901, probe);
  EXPECT_WAIT(test.wait(901), 899, Obstacle::SpendCap);
  EXPECT_WAIT(test.wait(1'800), 0, Obstacle::None);
}

TEST(Bucket, WhatWasSentBeforeTheBudgetWasSpentDoesNotReviveIt) {
  TestBucket test(limits(60));
  Flight spent = test.admit(0), refused = test.admit(0), answered = test.admit(0);
  test.refuse(1, spent, refusal(RefusalKind::SpendCap));
  test.refuse(2, refused, refusal(RefusalKind::Rate, 1));
  test.answered(3, answered);
  EXPECT_TRUE(test.bucket.is_dead());
  EXPECT_WAIT(test.wait(4), 897, Obstacle::SpendCap);
}

TEST(Bucket, AFailureOrTwoBoundNothing) {
  TestBucket test(limits(6'000));
  std::vector<Flight> flights;
  for (int i = 0; i < 16; ++i) flights.push_back(test.admit(0));
  test.refuse(0, flights[15], refusal(RefusalKind::Overloaded));
  test.refuse(0, flights[14], refusal(RefusalKind::Overloaded, 30));
  EXPECT_EQ(test.bucket.concurrency(), kNever);
  EXPECT_WAIT(test.wait(0), 0, Obstacle::None);
}

TEST(Bucket, AVolleyOfFailuresCountsOnce) {
  TestBucket test(limits(60));
  std::vector<Flight> flights;
  for (int i = 0; i < 40; ++i) flights.push_back(test.admit(0));
  for (int i = 39; i >= 20; --i) test.refuse(0, flights[static_cast<std::size_t>(i)], refusal(RefusalKind::Overloaded));
  // Ten of the forty have failed when the share is reached; the other ten went out with them.
  EXPECT_EQ(test.bucket.concurrency(), 16.5);
  EXPECT_EQ(test.wait(0).obstacle, Obstacle::Concurrency);
  test.bucket.advance(at(31));
  EXPECT_EQ(test.bucket.concurrency(), kNever);
}

TEST(Bucket, ARequestThatFailsAgainAndAgainIsOneFailure) {
  TestBucket test(limits(6'000));
  const auto fail = [&](Attempt attempt) {
    Flight flight = test.bucket.admit(Need{}, attempt);
    test.refuse(0, flight, refusal(RefusalKind::Overloaded));
  };
  fail(Attempt::First);
  for (int i = 0; i < 10; ++i) fail(Attempt::AfterFailure);
  EXPECT_EQ(test.bucket.concurrency(), kNever);
}

TEST(Bucket, AnOverloadNeverBoundsBelowWhatIsBeingAnswered) {
  TestBucket test(limits(60));
  std::vector<Flight> flights;
  for (int i = 0; i < 40; ++i) flights.push_back(test.admit(0));
  for (std::size_t i = 0; i < 25; ++i) test.answered(0, flights[i]);
  test.bucket.advance(at(29));  // they are still being answered, though none began lately
  for (std::size_t i = 25; i < 40; ++i) test.refuse(29, flights[i], refusal(RefusalKind::Overloaded));
  EXPECT_EQ(test.bucket.concurrency(), 25);
}

TEST(Bucket, AnOverloadThatNamesATimeIsLeftAloneUntilThen) {
  TestBucket test(limits(6'000));
  for (int i = 0; i < 3; ++i) {
    EXPECT_WAIT(test.wait(0), 0, Obstacle::None);
    Flight flight = test.admit(0);
    test.refuse(0, flight, refusal(RefusalKind::Overloaded, 3));
  }
  EXPECT_WAIT(test.wait(0), 3, Obstacle::RetryAfter);
}

TEST(Bucket, HoweverMuchFailsASecondOfTheLimitIsOut) {
  TestBucket test(limits(6'000));
  for (int i = 0; i < 100; ++i) {
    Flight flight = test.admit(i);
    test.refuse(i, flight, refusal(RefusalKind::Overloaded));
  }
  EXPECT_EQ(test.bucket.concurrency(), 100);
  EXPECT_WAIT(test.wait(100), 0, Obstacle::None);
}

TEST(Bucket, FiveFailuresInARowMakeAPause) {
  TestBucket test(limits(6'000));
  for (int i = 0; i < 4; ++i) {
    Flight flight = test.admit(i);
    test.refuse(i, flight, refusal(RefusalKind::Unreachable));
    EXPECT_WAIT(test.wait(i), 0, Obstacle::None);
  }
  Flight fifth = test.admit(4);
  test.refuse(4, fifth, refusal(RefusalKind::Unreachable));
  EXPECT_WAIT(test.wait(4), 1, Obstacle::RetryAfter);
  // From now on one probe at a time, up to half a minute apart.
  double time = 5;
  for (const double pause : {2, 4, 8, 16, 30, 30}) {
    Flight probe = test.admit(time);
    EXPECT_EQ(test.wait(time).obstacle, Obstacle::Probe);
    test.refuse(time, probe, refusal(RefusalKind::Unreachable));
    EXPECT_WAIT(test.wait(time), pause, Obstacle::RetryAfter);
    time += pause;
  }
}

TEST(Bucket, AnAnswerEndsTheRowOfFailures) {
  TestBucket test(limits(6'000));
  for (int i = 0; i < 20; ++i) {
    Flight flight = test.admit(i);
    if (i % 4 == 3) test.answered(i, flight);
    else test.refuse(i, flight, refusal(RefusalKind::Unreachable));
    EXPECT_EQ(test.wait(i).seconds, 0) << i;
  }
}

// ---- one organisation behind two keys

TEST(Bucket, TwoBucketsOfOneOrganisationBecomeOne) {
  TestBucket one(limits(60, 60'000)), other(limits(60, 30'000));
  Flight here = one.admit(0, need(1'000, 200));
  Flight there = other.admit(0, need(5'000, 300));
  for (int i = 0; i < 10; ++i) {
    Flight flight = other.admit(0, need(1'000, 200));
    other.end(0, flight);
  }
  one.bucket.merge(other.bucket);
  one.bucket.adopt(other.bucket, there);
  EXPECT_EQ(one.bucket.level(kRequests), 49);
  EXPECT_EQ(one.bucket.limit(kInput), 30'000);
  EXPECT_EQ(one.bucket.level(kInput), 15'000);
  EXPECT_EQ(one.bucket.held(), 500);
  EXPECT_EQ(one.bucket.in_flight(), 2);
  EXPECT_EQ(other.bucket.held(), 0);
  EXPECT_EQ(other.bucket.in_flight(), 0);
  one.end(1, there);
  one.end(1, here);
  EXPECT_EQ(one.bucket.held(), 0);
  EXPECT_EQ(one.bucket.in_flight(), 0);
}

TEST(Bucket, WhatTheOtherBucketSentIsPartOfWhatAReadingMayNotKnowYet) {
  TestBucket one(limits(60)), other(limits(60));
  Flight flight = one.admit(0);
  for (int i = 0; i < 10; ++i) other.admit(0.1);
  one.bucket.merge(other.bucket);
  one.answered(0.2, flight, reading(kRequests, 60, 59));
  EXPECT_NEAR(one.bucket.level(kRequests), 50.1, 0.01);
}

TEST(Bucket, ABlockAndABoundOfEitherStand) {
  TestBucket one(limits(60)), other(limits(60));
  Flight blocked = other.admit(0);
  other.admit(0);
  Flight bounded = other.admit(0);
  other.refuse(0, bounded, refusal(RefusalKind::Concurrency));
  other.refuse(0, blocked, refusal(RefusalKind::Rate, 9));
  one.bucket.merge(other.bucket);
  EXPECT_EQ(one.bucket.concurrency(), 2);
  EXPECT_WAIT(one.wait(0), 9, Obstacle::RetryAfter);
  one.bucket.advance(at(4.9));
  EXPECT_EQ(one.bucket.concurrency(), 2);
}

TEST(Bucket, AnAdoptedProbeDoesNotCloseTheWayForEver) {
  TestBucket one(limits(60)), other(limits(60));
  Flight flight = other.admit(0);
  other.refuse(0, flight, refusal(RefusalKind::Rate, 1));
  Flight probe = other.admit(1);
  one.bucket.advance(at(1));
  one.bucket.merge(other.bucket);
  one.bucket.adopt(other.bucket, probe);
  EXPECT_WAIT(one.wait(1), 0, Obstacle::None);
  Flight next = one.admit(1);
  EXPECT_EQ(one.wait(1).obstacle, Obstacle::Probe);
  one.answered(1.1, next);
  EXPECT_WAIT(one.wait(1.1), 0, Obstacle::None);
}

// ---- which bucket to take

TEST(Bucket, HeadroomIsTheFreeRefillOfTheTightestDimension) {
  TestBucket test(limits(60, 60'000, 6'000));
  EXPECT_DOUBLE_EQ(test.bucket.headroom(need(30'000)), 30);
  test.admit(0, need(0, 5'000));
  EXPECT_DOUBLE_EQ(test.bucket.headroom(need(100)), (6'000 - 5'000 - 1) / 100.0);
}

TEST(Bucket, DebtIsThePartOfTheHoldsThatRefillDoesNotFeed) {
  TestBucket test(limits({}, {}, 3'600));  // 60 per second feed one answer
  EXPECT_EQ(test.bucket.debt(kOutput), 0);
  test.admit(0, need(10, 1'000));
  EXPECT_DOUBLE_EQ(test.bucket.debt(kOutput), 0);
  test.admit(0, need(10, 1'000));
  EXPECT_DOUBLE_EQ(test.bucket.debt(kOutput), 1'000);
  EXPECT_EQ(test.bucket.debt(kInput), 0);
}

}  // namespace
}  // namespace tidegate::quota
