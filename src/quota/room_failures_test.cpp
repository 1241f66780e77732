// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Random failures, and the requests that always fail: nobody else must be refused for them.
#include "quota/room.h"
#include "quota/room_fixture.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

namespace tidegate::quota {
namespace {

/// Four requests a second with answers of ten seconds, where the provider's limits are far.
class Failing {
 public:
  Failing(unsigned seed, double share, int poison_one_in) : dice_(seed), share_(share), poison_one_in_(poison_one_in), test_(limits(10'000)) {}

  void run(double seconds) {
    int arrivals = 0;
    for (double time = 0; time < seconds + 200; time += 0.05) {
      now_ = time;
      while (arrivals < 4 * seconds && time >= arrivals / 4.0) submit(arrivals++);
      settle();
      pump();
    }
  }
  int refused = 0, failed_for_good = 0, answered = 0;
  double longest_wait = 0;

 private:
  struct Event {
    RequestId request;
    enum { Failure, Head, End } what;
  };

  void submit(int number) {
    const RequestId id = test_.submit(now_, "anna");
    if (poison_one_in_ > 0 && number % poison_one_in_ == 0) poison_.insert(id.slot);
    else poison_.erase(id.slot);
  }
  void pump() {
    for (const Decision& decision : test_.pump(now_)) {
      if (decision.verdict == Verdict::Overflow) {
        // Who has failed with all its retries has the provider's own answer; all others would get one of ours.
        if (decision.obstacle == Obstacle::RetryAfter) ++failed_for_good;
        else ++refused;
        continue;
      }
      const WaitingRequest* const request = test_.room.find(decision.request);
      if (request->attempts == 0) longest_wait = std::max(longest_wait, decision.wait_seconds);
      const bool fails = poison_.contains(decision.request.slot) || dice_.between(0, 1) < share_;
      // Not streamed: the head comes with the whole answer.
      events_.emplace(now_ + (fails ? 0.1 : 10), Event{decision.request, fails ? Event::Failure : Event::Head});
    }
  }
  void settle() {
    while (!events_.empty() && events_.begin()->first <= now_) {
      const Event event = events_.begin()->second;
      events_.erase(events_.begin());
      if (event.what == Event::Failure) {
        test_.room.refused(at(now_), event.request, refusal(RefusalKind::Overloaded));
        continue;
      }
      test_.room.answered(at(now_), event.request, {});
      test_.room.produced(at(now_), event.request, 100);
      test_.room.ended(at(now_), event.request, true);
      ++answered;
    }
  }

  Dice dice_;
  double share_;
  int poison_one_in_;
  TestRoom test_;
  double now_ = 0;
  std::multimap<double, Event> events_;
  std::set<std::uint32_t> poison_;  ///< slots of requests that always fail
};

TEST(RoomFailures, NobodyIsRefusedOrHeldUpForRandomFailuresOfOthers) {
  for (const double share : {0.005, 0.02, 0.05}) {
    for (const unsigned seed : seeds(5)) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", share " << share);
      Failing world(seed, share, 0);
      world.run(1'200);
      EXPECT_EQ(world.refused, 0);
      EXPECT_LE(world.failed_for_good, 1);
      EXPECT_EQ(world.answered + world.failed_for_good, 4'800);
      EXPECT_LT(world.longest_wait, 1);
    }
  }
}

TEST(RoomFailures, ARequestThatAlwaysFailsHoldsNobodyElseUp) {
  Failing world(1, 0, 40);
  world.run(1'200);
  EXPECT_EQ(world.refused, 0);
  EXPECT_EQ(world.failed_for_good, 120);
  EXPECT_EQ(world.answered, 4'680);
  EXPECT_LT(world.longest_wait, 1);
}

TEST(RoomFailures, ABurstAfterASingleFailureGoesAtOnce) {
  TestRoom test(limits(10'000));
  const RequestId first = test.submit(0, "anna");
  ASSERT_EQ(test.pump(0).size(), 1U);
  test.room.refused(at(0.1), first, refusal(RefusalKind::Overloaded));
  EXPECT_EQ(test.run(0.1, 2).size(), 1U);
  test.room.answered(at(2), first, {});
  test.room.ended(at(2), first, true);
  for (int i = 0; i < 40; ++i) (void)test.submit(5, "anna");
  const std::vector<Decision> decisions = test.pump(5);
  ASSERT_EQ(decisions.size(), 40U);
  for (const Decision& decision : decisions) EXPECT_EQ(decision.verdict, Verdict::Go);
}

TEST(RoomFailures, WhatKeepsFailingHasNoInstantAtWhichItWillNot) {
  RoomSettings settings;
  settings.max_retries = 0;
  TestRoom test(limits(600), settings);
  const RequestId request = test.submit(0, "anna");
  (void)test.pump(0);
  test.room.refused(at(1), request, refusal(RefusalKind::Unreachable));
  const auto decisions = test.pump(1);
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_EQ(decisions[0].verdict, Verdict::Overflow);
  EXPECT_EQ(decisions[0].wait_seconds, kNever);
}

TEST(RoomFailures, WhoWaitsForAnOverloadToPassIsNotSentAwayAtOnce) {
  TestRoom test(limits(600));
  std::vector<RequestId> out;
  for (int i = 0; i < 40; ++i) out.push_back(test.submit(0, "anna"));
  ASSERT_EQ(test.pump(0).size(), 40U);
  for (int i = 30; i < 40; ++i) test.room.refused(at(0.1), out[static_cast<std::size_t>(i)], refusal(RefusalKind::Overloaded));
  ASSERT_LT(test.room.bucket(0).concurrency(), 25);
  // A queue of 300 at 5 s each and twenty at once would take more than a minute; the overload will not.
  for (int i = 0; i < 300; ++i) (void)test.submit(0.2, "bert");
  for (const Decision& decision : test.pump(0.2)) EXPECT_EQ(decision.verdict, Verdict::Go);
}

}  // namespace
}  // namespace tidegate::quota
