// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/room.h"
#include "quota/room_fixture.h"

#include <gtest/gtest.h>

namespace tidegate::quota {
namespace {

TEST(Room, ARequestGoesAtOnceWhereThereIsRoom) {
  TestRoom test(limits(60));
  const RequestId request = test.submit(0, "a");
  const auto decisions = test.pump(0);
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].request, request);
  EXPECT_EQ(decisions[0].verdict, Verdict::Go);
  EXPECT_EQ(decisions[0].key, 0U);
  EXPECT_EQ(decisions[0].wait_seconds, 0);
  EXPECT_EQ(test.state(request), RequestState::Flying);
  EXPECT_EQ(test.room.waiting(), 0U);
}

TEST(Room, WhoStandsBehindOthersIsToldInTimeThatItWillNotBeServed) {
  TestRoom test(limits(60));
  for (int i = 0; i < 59; ++i) test.submit(0, "a");
  test.pump(0);
  test.submit(0, "a");  // waits for the margin
  const RequestId hasty = test.submit(0, "a", Priority::Interactive, 0.9);  // would have to wait for a second
  const RequestId patient = test.submit(0, "a", Priority::Interactive, 10);
  const auto decisions = test.pump(0);
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].request, hasty);
  EXPECT_EQ(decisions[0].verdict, Verdict::Overflow);
  EXPECT_EQ(decisions[0].obstacle, Obstacle::Requests);
  EXPECT_DOUBLE_EQ(decisions[0].wait_seconds, 1.25);
  EXPECT_EQ(test.state(patient), RequestState::Queued);
}

TEST(Room, NobodyWaitsBeyondItsDeadline) {
  RoomSettings settings;
  settings.predicts = false;
  TestRoom test(limits(60), settings);
  for (int i = 0; i < 59; ++i) test.submit(0, "a");
  test.pump(0);
  for (int i = 0; i < 20; ++i) test.submit(0, "a", Priority::Interactive, 5);
  int gone = 0, late = 0;
  for (const Decision& decision : test.run(0, 5)) ++(decision.verdict == Verdict::Go ? gone : late);
  EXPECT_EQ(gone, 5);
  EXPECT_EQ(late, 15);
  EXPECT_EQ(test.room.waiting(), 0U);
  EXPECT_EQ(test.room.obstacle(), Obstacle::None);
}

TEST(Room, ATiedRequestHoldsUpOnlyItsOwnPool) {
  TestRoom test(limits(60));
  const std::size_t other_key = test.add_pool(limits(60));
  for (int i = 0; i < 59; ++i) test.submit(0, "a", Priority::Interactive, 60, 100, 0);
  test.pump(0);
  const RequestId tied = test.submit(0, "a", Priority::Interactive, 60, 100, 0);
  const RequestId also_tied = test.submit(0, "b", Priority::Interactive, 60, 100, 0);
  const RequestId free = test.submit(0, "c");
  const auto decisions = test.pump(0);
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].request, free);
  EXPECT_EQ(decisions[0].key, other_key);
  EXPECT_EQ(test.state(tied), RequestState::Queued);
  EXPECT_EQ(test.state(also_tied), RequestState::Queued);
}

TEST(Room, AnUntiedRequestBehindATiedOneOfTheOnlyPoolWaitsWithIt) {
  TestRoom test(limits(60));
  for (int i = 0; i < 59; ++i) test.submit(0, "a");
  test.pump(0);
  const RequestId tied = test.submit(0, "a", Priority::Interactive, 60, 100, 0);
  const RequestId untied = test.submit(0, "b");
  EXPECT_TRUE(test.pump(0).empty());
  EXPECT_EQ(test.state(tied), RequestState::Queued);
  EXPECT_EQ(test.state(untied), RequestState::Queued);
  EXPECT_EQ(test.run(0, 4).size(), 2U);
}

TEST(Room, WhoWasIdleHasNoCreditEvenIfNobodyWaitedMeanwhile) {
  TestRoom test(limits(600));
  for (int i = 0; i < 300; ++i) {
    test.submit(i, "busy");
    ASSERT_EQ(test.pump(i).size(), 1U);
  }
  const double before = test.room.virtual_time("busy", Priority::Interactive);
  EXPECT_GT(before, 1);
  test.submit(301, "idle");
  EXPECT_EQ(test.room.virtual_time("idle", Priority::Interactive), before);
}

TEST(Room, InteractiveTrafficOfHoursAgoNoLongerCountsAgainstBatch) {
  TestRoom test(limits(60));
  for (int i = 0; i < 1'000; ++i) {
    const RequestId request = test.submit(i, "a");
    test.run(i, i + 0.999);
    test.room.ended(at(i + 0.999), request, true);
  }
  // Twelve hours later nothing but batch is there: 30 requests are gone after as many seconds.
  const double later = 45'000;
  for (int i = 0; i < 70; ++i) test.submit(later, "b", Priority::Batch, 1'000);
  test.pump(later);
  const RequestId last = test.submit(later, "b", Priority::Batch, 1'000);
  test.pump(later);
  EXPECT_LT(test.room.foretell(last), 100);
}

TEST(Room, AFailedRequestIsNotMistakenForTheOneThatTookItsPlace) {
  RoomSettings settings;
  settings.max_retries = 0;
  TestRoom test(limits(600), settings);
  const RequestId first = test.submit(0, "a");
  test.pump(0);
  test.room.refused(at(1), first, refusal(RefusalKind::Unreachable));
  test.room.cancel(at(1), first);
  const RequestId second = test.submit(1, "a");
  const auto decisions = test.pump(1);
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].request, second);
  EXPECT_EQ(decisions[0].verdict, Verdict::Go);
}

TEST(Room, HeldBatchRequestsWaitWhileInteractiveOnesGoAndGoOnAfterwards) {
  TestRoom test(limits(60));
  test.room.hold_batch(true);
  const RequestId batch = test.submit(0, "a", Priority::Batch, 600);
  const RequestId interactive = test.submit(0, "a");
  const auto decisions = test.pump(0);
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].request, interactive);
  EXPECT_EQ(test.room.obstacle(), Obstacle::Paused);
  EXPECT_TRUE(test.run(0, 100).empty()) << "however much room there is";
  test.room.hold_batch(false);
  const auto then = test.pump(100);
  ASSERT_EQ(then.size(), 1U);
  EXPECT_EQ(then[0].request, batch);
  EXPECT_EQ(then[0].verdict, Verdict::Go);
}

TEST(Room, WhoIsHeldBackDoesNotGoAtOnceEither) {
  TestRoom test(limits(600));
  test.room.hold_batch(true);
  Submission submission{.tenant = "a", .priority = Priority::Batch, .deadline = at(60), .only_key = {}};
  const auto held = test.room.enter(at(0), submission);
  ASSERT_TRUE(held);
  EXPECT_FALSE(held->decision) << "although nobody waits and the pool has room";
  submission.priority = Priority::Interactive;
  EXPECT_TRUE(test.room.enter(at(0), submission)->request != held->request);
  test.room.hold_batch(false);
  EXPECT_EQ(test.pump(1).size(), 2U) << "both go";
}

TEST(Room, WhoIsHeldBackUntilItsDeadlineIsToldToComeLater) {
  TestRoom test(limits(60));
  test.room.hold_batch(true);
  test.submit(0, "a", Priority::Batch, 30);
  EXPECT_TRUE(test.run(0, 29).empty());
  const auto decisions = test.run(29, 30);
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].verdict, Verdict::Overflow);
  EXPECT_EQ(decisions[0].obstacle, Obstacle::Paused);
  EXPECT_EQ(decisions[0].wait_seconds, 60);
}

TEST(Room, WhoIsHeldBackDoesNotPassWhereNobodyWaits) {
  TestRoom test(limits(60));
  test.room.hold_batch(true);
  const auto enter = [&](Priority priority) {
    return test.room.enter(at(0), {.tenant = "a", .priority = priority, .body_bytes = 400, .max_tokens = 100, .deadline = at(60), .only_key = {}}).value();
  };
  EXPECT_FALSE(enter(Priority::Batch).decision);
  test.pump(0);
  EXPECT_EQ(test.room.waiting(Priority::Batch), 1U);
  TestRoom other(limits(60));
  EXPECT_TRUE(other.room.enter(at(0), {.tenant = "a", .priority = Priority::Batch, .body_bytes = 400, .max_tokens = 100, .deadline = at(60), .only_key = {}})->decision);
}

TEST(Room, ThoseHeldBackTakeAPartOfTheRoomOnly) {
  RoomSettings settings;
  settings.max_waiting = 40;
  TestRoom test(limits(1), settings);
  test.room.hold_batch(true);
  const auto submit = [&](Priority priority) {
    return test.room.submit(at(0), {.tenant = "a", .priority = priority, .body_bytes = 400, .max_tokens = 100, .deadline = at(60), .only_key = {}});
  };
  EXPECT_TRUE(submit(Priority::Batch));
  EXPECT_TRUE(submit(Priority::Batch));
  EXPECT_FALSE(submit(Priority::Batch));
  EXPECT_TRUE(submit(Priority::Interactive));
}

}  // namespace
}  // namespace tidegate::quota
