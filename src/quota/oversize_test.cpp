// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Requests as large as a bucket or larger, and what refusals tell of them.
#include "quota/bucket.h"
#include "quota/room_fixture.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidegate::quota {
namespace {

constexpr auto kRequests = Dimension::Requests;
constexpr auto kInput = Dimension::Input;
constexpr auto kOutput = Dimension::Output;

Need input_of(double tokens) { return {.input = tokens, .predicted_output = 0, .mean_output = 0, .max_tokens = 100}; }

Wait wait_at(Bucket& bucket, double time, const Need& need) {
  bucket.advance(at(time));
  return bucket.wait(need);
}

/// 60,000 tokens a minute, but no more than 10,000 at once.
Bucket shallow() {
  Bucket bucket(at(0), {});
  bucket.set_limits(at(0), limits({}, 60'000), 10);
  return bucket;
}

/// A refusal with so much left, in headers as sharp as a refusal's are.
Refusal refused_with(double input_left, std::optional<double> requests_left = {}, std::optional<double> output_left = {}) {
  Readings readings = reading(kInput, 60'000, input_left);
  if (requests_left) readings[kRequests] = {60, *requests_left, {}};
  if (output_left) readings[kOutput] = {6'000, *output_left, {}};
  return refusal(RefusalKind::Rate, 1, readings);
}

TEST(Oversize, ARequestLargerThanABurstWaitsForAFullBucketAndTheMargin) {
  Bucket bucket = shallow();
  EXPECT_EQ(wait_at(bucket, 0, input_of(25'000)).seconds, 0);
  Flight flight = bucket.admit(input_of(25'000));
  EXPECT_EQ(bucket.level(kInput), -15'000);
  // 25 s until it is full again, and a quarter of a second in which charges may arrive in another order.
  EXPECT_NEAR(wait_at(bucket, 0, input_of(25'000)).seconds, 25.25, 1e-3);
  EXPECT_NEAR(wait_at(bucket, 25.1, input_of(25'000)).seconds, 0.15, 1e-3);
  EXPECT_EQ(wait_at(bucket, 25.25, input_of(25'000)).seconds, 0);
  // A small one may go long before.
  EXPECT_EQ(wait_at(bucket, 25.25, input_of(100)).seconds, 0);
  bucket.end(flight);
}

TEST(Oversize, WhatIsLargerThanTheLimitNeverFits) {
  Bucket bucket = shallow();
  EXPECT_EQ(wait_at(bucket, 0, input_of(60'001)).obstacle, Obstacle::TooLarge);
}

TEST(Oversize, AProviderThatRefusesThemWhenFullIsBelievedTheThirdTime) {
  Bucket bucket = shallow();
  double time = 0;
  for (int refusals = 0; refusals < 3; ++refusals) {
    EXPECT_NE(wait_at(bucket, time, input_of(20'000)).obstacle, Obstacle::TooLarge) << refusals;
    Flight flight = bucket.admit(input_of(20'000));
    bucket.refuse(flight, input_of(20'000), refused_with(10'000));
    time += 30;
  }
  EXPECT_EQ(wait_at(bucket, time, input_of(20'000)).obstacle, Obstacle::TooLarge);
  EXPECT_EQ(wait_at(bucket, time, input_of(9'000)).seconds, 0);
}

TEST(Oversize, OneThatIsTakenShowsThatTheyAre) {
  Bucket bucket = shallow();
  double time = 0;
  for (const bool is_taken : {false, false, true, false, false}) {
    (void)wait_at(bucket, time, input_of(20'000));
    Flight flight = bucket.admit(input_of(20'000));
    if (is_taken) {
      bucket.answered(flight, {});
      bucket.end(flight);
    } else {
      bucket.refuse(flight, input_of(20'000), refused_with(10'000));
    }
    time += 60;
  }
  EXPECT_NE(wait_at(bucket, time, input_of(20'000)).obstacle, Obstacle::TooLarge);
}

TEST(Refusal, ARequestTakesMoreThanWasLeftWhereNothingElseWasShort) {
  const Bucket bucket = shallow();
  EXPECT_EQ(bucket.least_input(input_of(4'000), refused_with(5'000, 30, 4'000)), 5'500);
  EXPECT_EQ(bucket.least_input(input_of(9'000), refused_with(5'000, 30, 4'000)), 9'000);
  EXPECT_EQ(bucket.least_input(input_of(4'000), refused_with(5'000, 0, 4'000)), 4'000);  // it was the requests
  EXPECT_EQ(bucket.least_input(input_of(4'000), refused_with(5'000, 30, 0)), 4'000);     // it was the output
  EXPECT_EQ(bucket.least_input(input_of(1'000), refused_with(5'000, 30, 4'000)), 1'000); // no estimate is so wrong
  EXPECT_EQ(bucket.least_input(input_of(4'000), refusal(RefusalKind::Rate, 1)), 4'000);
  EXPECT_EQ(bucket.least_input(input_of(4'000), refusal(RefusalKind::Concurrency, 1, reading(kInput, 60'000, 5'000))), 4'000);
}

TEST(Refusal, TheLimitThatItNamesIsTheOneThatWasShort) {
  Bucket bucket(at(0), {});
  bucket.set_limits(at(0), limits(60, 60'000, 6'000));
  Refusal output_short = refused_with(30'000, 30);
  output_short.dimension = kOutput;
  EXPECT_EQ(bucket.least_input(input_of(20'000), output_short), 20'000);
  Flight flight = bucket.admit(input_of(20'000));
  bucket.refuse(flight, input_of(20'000), output_short);
  EXPECT_LE(bucket.level(kOutput), 0);
  EXPECT_GT(bucket.level(kInput), 20'000);
  Refusal input_short = refused_with(5'000, 0);
  input_short.dimension = kInput;
  EXPECT_EQ(bucket.least_input(input_of(4'000), input_short), 5'500);
}

TEST(Refusal, ARequestThatAFullBucketRefusesGoesElsewhereInsteadOfComingBackForEver) {
  TestRoom test(limits(60, 25'000, 5'000));
  // 25,000 tokens at most, and it has more, but looks like 24,000.
  const auto request = test.room.submit(at(0), {.tenant = "t", .priority = Priority::Batch, .body_bytes = 94'000, .max_tokens = 100,
                                                .deadline = at(300), .only_key = {}}).value();
  ASSERT_EQ(test.pump(0).size(), 1u);
  Refusal full = refusal(RefusalKind::Rate, 1, reading(kInput, 25'000, 25'000));
  full.dimension = kInput;
  test.room.refused(at(0.1), request, full);
  const std::vector<Decision> after = test.run(0.1, 5);
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after[0].verdict, Verdict::Overflow);
  EXPECT_EQ(after[0].obstacle, Obstacle::TooLarge);
}

TEST(Refusal, OfALargeRequestIsNoSignOfABoundOnConcurrency) {
  Bucket bucket(at(0), {});
  bucket.set_limits(at(0), limits(600, 25'000));
  for (int i = 0; i < 4; ++i) {
    bucket.advance(at(10.0 * i));
    Flight flight = bucket.admit(input_of(24'000));
    bucket.refuse(flight, input_of(24'000), refusal(RefusalKind::Rate, 1, reading(kInput, 25'000, 25'000)));
  }
  EXPECT_EQ(bucket.concurrency(), kNever);
}

TEST(Reservation, ABatchRequestAsLargeAsTheBucketGoesWhenItIsFull) {
  TestRoom test(limits(60, 25'000));
  // Headers have talked the depth down a little; the request is a little larger.
  const auto probe = test.submit(0, "t");
  (void)test.pump(0);
  test.room.answered(at(0), probe, reading(kInput, 25'000, 19'000, 10));
  test.room.ended(at(0), probe, true);
  ASSERT_LT(test.room.bucket(0).depth(kInput), 24'900);
  (void)test.room.submit(at(100), {.tenant = "t", .priority = Priority::Batch, .max_tokens = 100, .deadline = at(400), .only_key = {},
                                   .known = Need{.input = 24'950, .predicted_output = 10, .mean_output = 10, .max_tokens = 100}});
  const std::vector<Decision> decisions = test.run(100, 101);
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_EQ(decisions[0].verdict, Verdict::Go);
}

TEST(BurstDepth, WhatRoundingHidesTheOtherBucketsTell) {
  Bucket bucket(at(0), {});
  bucket.set_limits(at(0), limits(100, 200'000, 40'000));
  Flight flight = bucket.admit(input_of(1'000));
  Readings readings = reading(kInput, 200'000, 19'000, 0);  // 10 s deep, a few tokens short of it
  readings[kOutput] = {40'000, 0, 0};                       // nothing can be seen of a bucket that may be below zero
  bucket.answered(flight, readings);
  EXPECT_NEAR(bucket.depth(kInput), 19'000, 1);
  EXPECT_LE(bucket.depth(kOutput), 40'000.0 / 60 * 6);
  EXPECT_GT(bucket.depth(kOutput), 1);
}

TEST(BurstDepth, AnEmptyBucketThatIsSoonFullIsNotDeep) {
  Bucket bucket(at(0), {});
  bucket.set_limits(at(0), limits({}, 60'000));
  Flight flight = bucket.admit(input_of(3'000));
  bucket.answered(flight, reading(kInput, 60'000, 0, 3));
  EXPECT_NEAR(bucket.depth(kInput), 500 + 1'000 * (3 + 1), 1);
}

TEST(BurstDepth, TheTimeUntilTheAnswerBeganIsNotTakenForAShallowBucket) {
  Bucket bucket(at(0), {});
  bucket.set_limits(at(0), limits({}, 200'000));
  for (int i = 0; i < 20; ++i) {
    bucket.advance(at(60.0 * i));
    Flight flight = bucket.admit(input_of(10'000));
    bucket.advance(at(60.0 * i + 2));
    // 3 s until it is full when the request came; the Date is of two seconds later.
    bucket.answered(flight, reading(kInput, 200'000, 190'000, 1));
    bucket.end(flight);
  }
  EXPECT_EQ(bucket.depth(kInput), 200'000);
}

}  // namespace
}  // namespace tidegate::quota
