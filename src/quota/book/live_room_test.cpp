// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/live_room.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::quota {
namespace {

constexpr SteadyTime at(double seconds) { return SteadyTime(Nanoseconds(static_cast<std::int64_t>(seconds * 1e9))); }

struct Told final : Waiter {
  std::atomic<int> times = 0;
  Verdict verdict = Verdict::Overflow;
  std::string key;
  RequestId request;

  void decided(const Decision& decision, std::string_view name) override {
    verdict = decision.verdict;
    request = decision.request;
    key = name;
    ++times;
  }
};

RoomPlan plan_of(double requests_per_minute, std::optional<double> concurrency = std::nullopt) {
  RoomPlan plan;
  plan.known.limits[Dimension::Requests] = requests_per_minute;
  plan.known.concurrency = concurrency;
  return plan;
}

Submission request_of(std::string_view tenant, SteadyTime deadline) {
  Submission submission;
  submission.tenant = tenant;
  submission.body_bytes = 400;
  submission.max_tokens = 100;
  submission.deadline = deadline;
  return submission;
}

class LiveRoomTest : public ::testing::Test {
 protected:
  void keys(std::vector<KeySpec> specs) { ring_.set_keys(specs); }
  std::unique_ptr<LiveRoom> make(RoomPlan plan) {
    return std::make_unique<LiveRoom>(ring_, std::move(plan), [this](SteadyTime wake) { woken_at_ = wake; }, at(0));
  }
  LiveRoom::MakeWaiter waiter(std::shared_ptr<Told>& told) {
    return [&told] {
      told = std::make_shared<Told>();
      return told;
    };
  }

  KeyRing ring_;
  SteadyTime woken_at_ = SteadyTime::max();
};

TEST_F(LiveRoomTest, LetsThroughAtOnceWithAKeyWhatFits) {
  keys({{"RED", {}, {}}});
  const auto room = make(plan_of(60));
  std::shared_ptr<Told> told;
  const LiveRoom::Answer answer = room->enter(at(0), request_of("t", at(10)), {}, waiter(told));
  ASSERT_TRUE(answer.decision);
  EXPECT_EQ(answer.decision->verdict, Verdict::Go);
  EXPECT_EQ(answer.key, "RED");
  EXPECT_EQ(told, nullptr) << "nobody waits";
}

TEST_F(LiveRoomTest, AnAnswerMayTellItsInputWhenItEnds) {
  keys({{"RED", {}, {}}});
  RoomPlan plan = plan_of(600);
  plan.known.limits[Dimension::Input] = 60'000;
  const auto at_the_end = make(plan), before = make(plan);
  std::shared_ptr<Told> told;
  for (LiveRoom* const room : {at_the_end.get(), before.get()}) {
    const LiveRoom::Answer answer = room->enter(at(0), request_of("t", at(10)), {}, waiter(told));
    if (room == before.get()) room->counted_input(at(0.1), answer.request, 5'000);
    room->ended(at(0.1), answer.request, true, 20, room == before.get() ? -1 : 5'000);
  }
  const RoomView one = at_the_end->view(at(0.1)), other = before->view(at(0.1));
  ASSERT_EQ(one.pools.size(), 1U);
  ASSERT_EQ(one.pools[0].levels.size(), other.pools[0].levels.size());
  for (std::size_t i = 0; i < one.pools[0].levels.size(); ++i) EXPECT_EQ(one.pools[0].levels[i].level, other.pools[0].levels[i].level) << i;
  EXPECT_NEAR(one.pools[0].levels[1].level, 55'000 + 100, 1);
}

TEST_F(LiveRoomTest, TellsWhoWaitsWhenAnotherOneEnds) {
  keys({{"RED", {}, {}}});
  const auto room = make(plan_of(600, 1));
  std::shared_ptr<Told> first, second;
  const LiveRoom::Answer one = room->enter(at(0), request_of("t", at(100)), {}, waiter(first));
  const LiveRoom::Answer two = room->enter(at(0), request_of("t", at(100)), {}, waiter(second));
  EXPECT_TRUE(one.decision);
  ASSERT_FALSE(two.decision);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->times, 0);
  room->ended(at(1), one.request, true, 50);
  EXPECT_EQ(second->times, 1);
  EXPECT_EQ(second->verdict, Verdict::Go);
  EXPECT_EQ(second->key, "RED");
  EXPECT_EQ(second->request, two.request);
}

TEST_F(LiveRoomTest, AsksToBePumpedWhenTimeAloneOpensTheWay) {
  keys({{"RED", {}, {}}});
  const auto room = make(plan_of(1));
  std::shared_ptr<Told> told;
  (void)room->enter(at(0), request_of("t", at(100)), {}, waiter(told));
  const LiveRoom::Answer waiting = room->enter(at(0), request_of("t", at(100)), {}, waiter(told));
  ASSERT_FALSE(waiting.decision);
  ASSERT_LT(woken_at_, SteadyTime::max());
  EXPECT_EQ(room->wake_at(), woken_at_);
  SteadyTime now = at(0);
  for (int rounds = 0; told->times == 0 && rounds < 1'000; ++rounds) {
    now = std::max(room->wake_at(), now + Milliseconds(1));
    room->pump(now);
  }
  EXPECT_EQ(told->verdict, Verdict::Go);
  EXPECT_NEAR(std::chrono::duration<double>(now - at(0)).count(), 60, 2) << "one a minute";
}

TEST_F(LiveRoomTest, LivesInTheTimeOfAProviderThatRunsFaster) {
  keys({{"RED", {}, {}}});
  RoomPlan plan = plan_of(20);  // of the provider's fast minutes: one in each of ours
  plan.time_scale = 20;
  const auto room = make(std::move(plan));
  std::shared_ptr<Told> told;
  (void)room->enter(at(0), request_of("t", at(100)), {}, waiter(told));
  const LiveRoom::Answer waiting = room->enter(at(0), request_of("t", at(100)), {}, waiter(told));
  ASSERT_FALSE(waiting.decision);
  SteadyTime now = at(0);
  for (int rounds = 0; told->times == 0 && rounds < 1'000; ++rounds) {
    now = std::max(room->wake_at(), now + Milliseconds(1));
    room->pump(now);
  }
  EXPECT_EQ(told->verdict, Verdict::Go);
  EXPECT_NEAR(std::chrono::duration<double>(now - at(0)).count(), 3, 0.1) << "one of its minutes";
  EXPECT_DOUBLE_EQ(room->view(now).pools.at(0).levels.at(0).limit, 20);
}

TEST_F(LiveRoomTest, TwoKeysThatTurnOutToBeOfOneOrganisationShareItsLimit) {
  keys({{"RED", {}, {}}, {"BLUE", {}, {}}});
  const auto room = make(plan_of(2));
  std::shared_ptr<Told> told;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(room->enter(at(0), request_of("t", at(0)), {}, waiter(told)).decision);
  EXPECT_EQ(room->view(at(0)).pools.size(), 2U);
  ring_.learn("RED", "org");
  ring_.learn("BLUE", "org");
  const RoomView view = room->view(at(0));
  ASSERT_EQ(view.pools.size(), 1U);
  EXPECT_EQ(view.pools[0].pool, "org");
  EXPECT_EQ(view.pools[0].keys, (std::vector<std::string>{"RED", "BLUE"}));
  EXPECT_EQ(view.pools[0].in_flight, 2);
  EXPECT_NEAR(view.pools[0].levels[0].level, 1, 1e-9) << "the lower of the two";
}

TEST_F(LiveRoomTest, AThirdKeyOfAKnownOrganisationAddsNothing) {
  keys({{"RED", "org", {}}, {"BLUE", "org", {}}, {"GREEN", "other", {}}});
  const auto room = make(plan_of(40));
  EXPECT_EQ(room->view(at(0)).pools.size(), 2U);
}

TEST_F(LiveRoomTest, AKeyThatLeavesRotationIsNotChosenAndOneThatComesIsFound) {
  keys({{"RED", {}, {}}, {"BLUE", {}, {}}});
  const auto room = make(plan_of(60));
  std::shared_ptr<Told> told;
  keys({{"BLUE", {}, {}}});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(room->enter(at(0), request_of("t", at(1)), {}, waiter(told)).key, "BLUE");
  keys({{"GREEN", {}, {}}});
  EXPECT_EQ(room->enter(at(0), request_of("t", at(1)), {}, waiter(told)).key, "GREEN");
}

/// Two keys of which RED was refused a minute ago, and is tried again.
void doubt_red(KeyRing& ring) {
  ASSERT_TRUE(ring.refuse("RED", KeyRing::Fault::Authentication, at(0)));
  ring.put_back(at(60));
}

TEST_F(LiveRoomTest, AKeyThatIsTriedAgainServesOneRequestUntilItsAnswerHasTold) {
  keys({{"RED", {}, {}}, {"BLUE", {}, {}}});
  const auto room = make(plan_of(600));
  doubt_red(ring_);
  std::shared_ptr<Told> told;
  std::vector<std::string> went;
  for (int i = 0; i < 6; ++i) went.emplace_back(room->enter(at(61), request_of("t", at(70)), {}, waiter(told)).key);
  EXPECT_EQ(std::count(went.begin(), went.end(), "RED"), 1);
  EXPECT_EQ(std::count(went.begin(), went.end(), "BLUE"), 5);
  ASSERT_TRUE(ring_.accept("RED"));
  went.clear();
  for (int i = 0; i < 6; ++i) went.emplace_back(room->enter(at(62), request_of("t", at(70)), {}, waiter(told)).key);
  EXPECT_GE(std::count(went.begin(), went.end(), "RED"), 3) << "it serves all again";
}

TEST_F(LiveRoomTest, WhereTheOnlyKeyLeftIsTriedTheOthersWaitForTheProbe) {
  keys({{"RED", {}, {}}, {"BLUE", {}, {}}});
  const auto room = make(plan_of(600));
  doubt_red(ring_);
  ASSERT_TRUE(ring_.refuse("BLUE", KeyRing::Fault::Authentication, at(60)));
  std::shared_ptr<Told> first, second, third;
  const LiveRoom::Answer probe = room->enter(at(61), request_of("t", at(70)), {}, waiter(first));
  EXPECT_EQ(probe.key, "RED");
  const LiveRoom::Answer two = room->enter(at(61), request_of("t", at(70)), {}, waiter(second));
  const LiveRoom::Answer three = room->enter(at(61), request_of("t", at(70)), {.only = "RED", .preferred = {}}, waiter(third));
  ASSERT_FALSE(two.decision);
  ASSERT_FALSE(three.decision) << "also one that is tied to it";
  EXPECT_EQ(room->view(at(61)).obstacle, Obstacle::Probe);
  EXPECT_LE(room->wake_at(), at(61.1));
  // A probe that says nothing of the key makes way for the next one, and for that one alone.
  room->cancel(at(62), probe.request);
  EXPECT_EQ(second->times, 1);
  EXPECT_EQ(second->key, "RED");
  EXPECT_EQ(third->times, 0);
  const Refusal overloaded{.kind = RefusalKind::Overloaded, .dimension = {}, .retry_after_seconds = {}, .ramp = {}, .readings = {}};
  EXPECT_FALSE(room->refused(at(63), two.request, overloaded, waiter(second)).decision);
  EXPECT_EQ(third->times, 1);
  ASSERT_TRUE(ring_.accept("RED"));
  room->pump(at(64));
  EXPECT_EQ(second->times, 1) << "of its second attempt";
}

TEST_F(LiveRoomTest, AProbeThatIsRefusedGoesOnWithAnotherKey) {
  keys({{"RED", {}, {}}, {"BLUE", {}, {}}});
  const auto room = make(plan_of(600));
  doubt_red(ring_);
  std::shared_ptr<Told> told;
  const LiveRoom::Answer probe = room->enter(at(61), request_of("t", at(70)), {.only = {}, .preferred = "RED"}, waiter(told));
  ASSERT_EQ(probe.key, "RED");
  ASSERT_TRUE(ring_.refuse("RED", KeyRing::Fault::Authentication, at(61)));
  const Refusal of_the_key{.kind = RefusalKind::Key, .dimension = {}, .retry_after_seconds = {}, .ramp = {}, .readings = {}};
  EXPECT_EQ(room->refused(at(61), probe.request, of_the_key, waiter(told)).key, "BLUE");
  ring_.put_back(at(181));
  EXPECT_EQ(room->enter(at(181), request_of("t", at(190)), {.only = {}, .preferred = "RED"}, waiter(told)).key, "RED") << "the next probe";
}

TEST_F(LiveRoomTest, OneProbeIsOutForAllRoomsTogether) {
  keys({{"RED", {}, {}}, {"BLUE", {}, {}}});
  const auto one = make(plan_of(600)), other = make(plan_of(600));
  doubt_red(ring_);
  std::shared_ptr<Told> told;
  const LiveRoom::Answer probe = one->enter(at(61), request_of("t", at(70)), {.only = {}, .preferred = "RED"}, waiter(told));
  ASSERT_EQ(probe.key, "RED");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(other->enter(at(61), request_of("t", at(70)), {.only = {}, .preferred = "RED"}, waiter(told)).key, "BLUE");
  one->ended(at(62), probe.request, false, 0);
  EXPECT_EQ(other->enter(at(62), request_of("t", at(70)), {.only = {}, .preferred = "RED"}, waiter(told)).key, "RED");
}

TEST_F(LiveRoomTest, ATiedRequestGoesWithItsKeyOrNotAtAll) {
  keys({{"RED", {}, {}}, {"BLUE", {}, {}}});
  const auto room = make(plan_of(60));
  std::shared_ptr<Told> told;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(room->enter(at(0), request_of("t", at(1)), {.only = "BLUE"}, waiter(told)).key, "BLUE");
  const LiveRoom::Answer unknown = room->enter(at(0), request_of("t", at(1)), {.only = "GONE"}, waiter(told));
  ASSERT_TRUE(unknown.decision);
  EXPECT_EQ(unknown.decision->verdict, Verdict::Overflow);
  EXPECT_EQ(unknown.decision->obstacle, Obstacle::NoKey);
}

TEST_F(LiveRoomTest, APreferredKeysPoolIsTakenAsLongAsItHasRoom) {
  keys({{"RED", {}, {}}, {"BLUE", {}, {}}});
  const auto room = make(plan_of(600, 3));
  std::shared_ptr<Told> told;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(room->enter(at(0), request_of("t", at(1)), {.preferred = {.key = "BLUE"}}, waiter(told)).key, "BLUE");
  EXPECT_EQ(room->enter(at(0), request_of("t", at(1)), {.preferred = {.key = "BLUE"}}, waiter(told)).key, "RED");
  EXPECT_EQ(room->enter(at(0), request_of("t", at(1)), {.preferred = {.key = "GONE"}}, waiter(told)).key, "RED");
}

TEST_F(LiveRoomTest, ATieToAPoolIsKeptByAnyOfItsKeysAndEndsWithTheLast) {
  const std::vector<KeySpec> all{{"RED", "org-1", {}}, {"ROSE", "org-1", {}}, {"BLUE", "org-2", {}}};
  keys(all);
  const auto room = make(plan_of(600));
  std::shared_ptr<Told> told;
  const auto tied_to = [&](LiveRoom::PoolName name) { return room->enter(at(0), request_of("t", at(1)), {.tied = name}, waiter(told)); };
  const LiveRoom::PoolName red{.pool = "org-1", .key = "RED"};
  for (int i = 0; i < 4; ++i) EXPECT_NE(tied_to(red).key, "BLUE");
  EXPECT_EQ(tied_to({.pool = "org-2", .key = "RED"}).key, "BLUE") << "the pool counts, whatever the key's name stands for by now";
  EXPECT_NE(tied_to({.pool = "key:RED", .key = "RED"}).key, "BLUE") << "its organisation was not known then";

  ASSERT_TRUE(ring_.refuse("RED", KeyRing::Fault::Authentication, at(0)));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(tied_to(red).key, "ROSE");
  ASSERT_TRUE(ring_.refuse("ROSE", KeyRing::Fault::Authentication, at(0)));
  const LiveRoom::Answer out = tied_to(red);
  ASSERT_TRUE(out.decision);
  EXPECT_EQ(out.decision->obstacle, Obstacle::NoKey) << "it comes back: nobody else is asked meanwhile";

  keys({all[2]});
  EXPECT_EQ(tied_to(red).key, "BLUE") << "gone for good: the provider says what becomes of it";
}

TEST_F(LiveRoomTest, WhoLeavesIsNotToldAndLeavesNothingBehind) {
  keys({{"RED", {}, {}}});
  const auto room = make(plan_of(600, 1));
  std::shared_ptr<Told> first, second, third;
  const LiveRoom::Answer one = room->enter(at(0), request_of("t", at(100)), {}, waiter(first));
  const LiveRoom::Answer two = room->enter(at(0), request_of("t", at(100)), {}, waiter(second));
  const LiveRoom::Answer three = room->enter(at(0), request_of("t", at(100)), {}, waiter(third));
  room->cancel(at(1), two.request);
  room->withdraw(at(1), one.request);
  EXPECT_EQ(second->times, 0);
  EXPECT_EQ(third->times, 1);
  room->cancel(at(2), three.request);
  const RoomView view = room->view(at(2));
  EXPECT_EQ(view.waiting_interactive, 0);
  EXPECT_EQ(view.pools[0].in_flight, 0);
}

TEST_F(LiveRoomTest, RestoredLevelsStandOverWhatTheTierSays) {
  keys({{"RED", "org", {}}});
  RoomPlan plan = plan_of(100);
  KnownPool known;
  known.pool = "org";
  known.limits[Dimension::Requests] = 50;
  known.levels[Dimension::Requests] = 7;
  plan.restored.push_back(known);
  const auto room = make(std::move(plan));
  const RoomView view = room->view(at(0));
  ASSERT_EQ(view.pools[0].levels.size(), 1U);
  EXPECT_EQ(view.pools[0].levels[0].limit, 50);
  EXPECT_EQ(view.pools[0].levels[0].level, 7);
}

/// Sixteen threads in one room: nobody is forgotten, nobody told twice, nothing stays behind, and never more than fit.
TEST_F(LiveRoomTest, SixteenThreadsAtOnce) {
  keys({{"RED", {}, {}}, {"BLUE", {}, {}}});
  constexpr int kThreads = 16, kRequests = 250;
  const auto room = make(plan_of(6'000'000, 4));  // four at once in each of two pools
  std::atomic<int> running = 0, most = 0, served = 0, gone = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      const std::string tenant = "tenant-" + std::to_string(number % 5);
      for (int i = 0; i < kRequests; ++i) {
        const SteadyTime now = at(1 + i);
        std::shared_ptr<Told> told;
        const LiveRoom::Answer answer = room->enter(now, request_of(tenant, at(1e6)), {}, waiter(told));
        bool goes = answer.decision && answer.decision->verdict == Verdict::Go;
        if (!answer.decision) {
          if ((i + number) % 7 == 0) {
            room->withdraw(now, answer.request);
            room->cancel(now, answer.request);
            ++gone;
            continue;
          }
          while (told->times == 0) std::this_thread::yield();
          EXPECT_EQ(told->times, 1);
          goes = told->verdict == Verdict::Go;
        }
        ASSERT_TRUE(goes);
        const int now_running = ++running;
        int seen = most;
        while (seen < now_running && !most.compare_exchange_weak(seen, now_running)) {}
        if (i % 3 == 0) ring_.learn(number % 2 == 0 ? "RED" : "BLUE", number % 2 == 0 ? "org-r" : "org-b");
        room->counted_input(now, answer.request, 100);
        room->produced(now, answer.request, 10);
        --running;
        room->ended(now, answer.request, true, 20);
        ++served;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served + gone, kThreads * kRequests);
  EXPECT_LE(most, 8);
  const RoomView view = room->view(at(1e4));
  EXPECT_EQ(view.waiting_interactive, 0);
  for (const BucketView& pool : view.pools) EXPECT_EQ(pool.in_flight, 0) << pool.pool;
}

}  // namespace
}  // namespace tidegate::quota
