// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/room_book.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>

namespace tidegate::quota {
namespace {

ProviderPlan anthropic(std::string tier = {}) {
  ProviderPlan plan;
  plan.provider = "anthropic";
  plan.pools.tier = std::move(tier);
  plan.keys = {{.name = "RED", .organisation = {}, .workspace = {}}};
  return plan;
}
void configure(RoomBook& book, std::vector<ProviderPlan> plans) { book.configure({}, plans); }
Submission at_once(const Clock& clock) {
  Submission submission;
  submission.tenant = "t";
  submission.deadline = clock.now().steady;
  return submission;
}
RoomName name_of(std::string_view group) { return {.provider = "anthropic", .model_group = group, .class_name = {}, .credential = {}}; }

TEST(RoomBook, GivesOneRoomToAllWhoAskForIt) {
  const SystemClock clock;
  RoomBook book(clock);
  configure(book, {anthropic()});
  LiveRoom* const opus = book.room(name_of("opus-5"));
  ASSERT_NE(opus, nullptr);
  EXPECT_EQ(book.room(name_of("opus-5")), opus);
  EXPECT_NE(book.room(name_of("haiku-4-5")), opus);
  EXPECT_EQ(book.room({.provider = "nobody", .model_group = "opus-5", .class_name = {}, .credential = {}}), nullptr);
  ASSERT_EQ(book.rooms().size(), 2U);
  EXPECT_EQ(book.rooms()[0].model_group, "haiku-4-5");
}

TEST(RoomBook, ATierIsKnownBeforeTheFirstHeaderAndAClassHasItsPartOfIt) {
  const SystemClock clock;
  RoomBook book(clock);
  configure(book, {anthropic("tier3_before")});
  (void)book.room(name_of("opus-5"));
  RoomName code = name_of("opus-5");
  code.class_name = "code_generation";
  code.class_factor = 0.7;
  (void)book.room(code);
  const auto rooms = book.rooms();
  ASSERT_EQ(rooms.size(), 2U);
  EXPECT_EQ(rooms[0].room.pools[0].levels[0].limit, 40);
  EXPECT_EQ(rooms[0].room.pools[0].concurrency, 5);
  EXPECT_DOUBLE_EQ(rooms[1].room.pools[0].levels[0].limit, 28);
}

TEST(RoomBook, WhatTheProviderStatesStandsOverTheTierAndReachesRoomsThatNoHeaderHasTold) {
  const SystemClock clock;
  RoomBook book(clock);
  configure(book, {anthropic()});
  (void)book.room(name_of("opus-5"));
  GroupLimits stated;
  stated.limits[Dimension::Requests] = 77;
  book.set_stated_limits("anthropic", {{"opus-5", stated}, {"haiku-5-5", stated}});
  book.set_stated_limits("nobody", {{"opus-5", stated}});
  (void)book.room(name_of("haiku-5-5"));
  for (const RoomBook::NamedRoom& room : book.rooms()) EXPECT_EQ(room.room.pools[0].levels.at(0).limit, 77) << room.model_group;
  stated.limits[Dimension::Requests] = 5;
  book.set_stated_limits("anthropic", {{"opus-5", stated}});
  EXPECT_EQ(book.rooms()[1].room.pools[0].levels.at(0).limit, 77) << "known by now; from here on headers tell";
}

TEST(RoomBook, EachClientsOwnCredentialIsAPoolOfItsOwn) {
  const SystemClock clock;
  RoomBook book(clock);
  ProviderPlan plan;
  plan.provider = "anthropic";
  configure(book, {plan});
  RoomName one = name_of("opus-5");
  one.credential = "fp_1";
  RoomName two = name_of("opus-5");
  two.credential = "fp_2";
  EXPECT_NE(book.room(one), book.room(two));
  EXPECT_EQ(book.rooms()[0].room.pools[0].pool, "key:fp_1");
}

/// Waits until it is told.
class Told final : public Waiter {
 public:
  void decided(const Decision& decision, std::string_view) override {
    const std::lock_guard lock(mutex_);
    verdict_ = decision.verdict;
    told_.notify_all();
  }
  std::optional<Verdict> wait() {
    std::unique_lock lock(mutex_);
    told_.wait_for(lock, Seconds(10), [this] { return verdict_.has_value(); });
    return verdict_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  std::optional<Verdict> verdict_;
};

TEST(RoomBook, ItsOwnThreadLetsThroughWhatOnlyTimeHeldUp) {
  const SystemClock clock;
  RoomBook book(clock);
  ProviderPlan plan = anthropic();
  GroupLimitRule& rule = plan.pools.limits.emplace_back();
  rule.limits.limits[Dimension::Requests] = 1'200;  // one in 50 ms, once the bucket is empty
  rule.limits.concurrency = 10'000;
  configure(book, {plan});
  book.start();
  LiveRoom& room = *book.room(name_of("opus-5"));
  const auto told = std::make_shared<Told>();
  bool waits = false;
  for (int i = 0; i < 2'000 && !waits; ++i) {
    Submission submission;
    submission.tenant = "t";
    submission.deadline = clock.now().steady + Seconds(60);
    const LiveRoom::Answer answer = room.enter(clock.now().steady, submission, {}, [&]() -> std::shared_ptr<Waiter> { return told; });
    waits = !answer.decision;
  }
  ASSERT_TRUE(waits);
  EXPECT_EQ(told->wait(), Verdict::Go);
  book.stop();
}

TEST(RoomBook, WhatIsKnownOfAGroupIsTheFirstRuleThatMatchesOverTheTier) {
  PoolOptions options;
  options.tier = "start";
  GroupLimitRule opus;
  opus.models = "opus-*";
  opus.limits.limits[Dimension::Requests] = 7;
  GroupLimitRule rest;
  rest.limits.concurrency = 3;
  options.limits = {opus, rest};
  EXPECT_EQ(known_limits(options, "opus-5").limits[Dimension::Requests], 7);
  EXPECT_EQ(known_limits(options, "opus-5").limits[Dimension::Input], 2'000'000);
  EXPECT_FALSE(known_limits(options, "opus-5").concurrency);
  EXPECT_EQ(known_limits(options, "sonnet-5").limits[Dimension::Requests], 1'000);
  EXPECT_EQ(known_limits(options, "sonnet-5").concurrency, 3);
  EXPECT_EQ(known_limits(options, "count_tokens").limits[Dimension::Requests], 2'000);
  EXPECT_FALSE(known_limits({}, "opus-5").limits[Dimension::Requests]);
}

TEST(RoomBook, ARuleForAllModelsIsNoneForCallsThatNameNoModelOrAreFree) {
  PoolOptions options;
  options.tier = "tier1";
  GroupLimitRule all;
  all.limits.limits[Dimension::Requests] = 5;
  all.limits.concurrency = 1;
  options.limits = {all};
  EXPECT_EQ(known_limits(options, ""), GroupLimits{});
  EXPECT_FALSE(known_limits(options, "count_tokens").concurrency);
  options.limits[0].models = "count_tokens";
  EXPECT_EQ(known_limits(options, "count_tokens").concurrency, 1);
}

TEST(RoomBook, MoneyThatIsSpentIsSpentInAllRoomsOfTheOrganisation) {
  const SystemClock clock;
  RoomBook book(clock);
  ProviderPlan plan = anthropic("scale");
  plan.keys = {{.name = "RED", .organisation = "org-1", .workspace = {}},
               {.name = "ROSE", .organisation = "org-1", .workspace = {}},
               {.name = "BLUE", .organisation = "org-2", .workspace = {}}};
  configure(book, {plan});
  LiveRoom* const opus = book.room(name_of("opus-5"));
  (void)book.room(name_of("haiku-4-5"));
  book.money_spent("anthropic", "RED", opus);
  const auto rooms = book.rooms();
  ASSERT_EQ(rooms.size(), 2U);
  for (const BucketView& pool : rooms[0].room.pools) EXPECT_EQ(pool.is_dead, pool.pool == "org-1") << pool.pool;
  EXPECT_GT(rooms[0].room.pools[0].blocked_seconds, 800);
  (void)book.room(name_of("sonnet-5"));
  EXPECT_TRUE(book.rooms()[2].room.pools[0].is_dead) << "a room that is made later";
  for (const BucketView& pool : rooms[1].room.pools) EXPECT_FALSE(pool.is_dead) << "the room that knows is told by the refusal itself";
}

TEST(RoomBook, AProviderThatIsGoneLetsNobodyThroughUntilItIsBackAndGivesUpWhoWaits) {
  const SystemClock clock;
  for (const std::string credential : {"", "fp_1"}) {
    SCOPED_TRACE(credential);
    RoomBook book(clock);
    ProviderPlan plan = anthropic();
    plan.pools.limits.emplace_back().limits.concurrency = 1;
    ProviderPlan other = anthropic();
    other.provider = "other";
    configure(book, {plan, other});
    RoomName name = name_of("opus-5");
    name.credential = credential;
    LiveRoom* const room = book.room(name);
    const LiveRoom::Answer running = room->enter(clock.now().steady, at_once(clock), {}, nullptr);
    ASSERT_TRUE(running.decision && running.decision->verdict == Verdict::Go);
    const auto told = std::make_shared<Told>();
    Submission patient = at_once(clock);
    patient.deadline += Seconds(60);
    ASSERT_FALSE(room->enter(clock.now().steady, patient, {}, [&] { return told; }).decision);
    configure(book, {other});
    EXPECT_EQ(told->wait(), Verdict::Overflow);
    const auto decision_in = [&](std::string_view group) {
      RoomName of_group = name;
      of_group.model_group = group;
      return book.room(of_group)->enter(clock.now().steady, patient, {}, [] { return std::shared_ptr<Waiter>(); }).decision.value_or(
          Decision{.request = {}, .verdict = Verdict::Overflow, .obstacle = Obstacle::RoomFull});  // it waits
    };
    EXPECT_EQ(decision_in("opus-5").obstacle, Obstacle::NoKey);
    EXPECT_EQ(decision_in("haiku-4-5").obstacle, Obstacle::NoKey) << "also in a room that is made now";
    room->ended(clock.now().steady, running.request, true, 10);
    configure(book, {plan, other});
    for (const char* group : {"opus-5", "haiku-4-5"}) {
      const Decision back = decision_in(group);
      EXPECT_EQ(back.verdict, Verdict::Go);
      EXPECT_EQ(back.obstacle, Obstacle::None);
    }
  }
}

TEST(RoomBook, HoldsBatchRequestsOfTheNamedProvidersInRoomsThatAreThereAndInNewOnes) {
  const SystemClock clock;
  RoomBook book(clock);
  ProviderPlan relay = anthropic();
  relay.provider = "relay";
  configure(book, {anthropic(), relay});
  const auto waits = [&](std::string_view provider, std::string_view group) {
    LiveRoom* const room = book.room({.provider = provider, .model_group = group, .class_name = {}, .credential = {}});
    Submission submission;
    submission.tenant = "a";
    submission.priority = Priority::Batch;
    submission.deadline = clock.now().steady + Seconds(60);
    const LiveRoom::Answer answer = room->enter(clock.now().steady, submission, {}, [] { return std::shared_ptr<Waiter>(); });
    room->cancel(clock.now().steady, answer.request);
    return !answer.decision;
  };
  EXPECT_FALSE(waits("anthropic", "opus-5"));
  book.hold_batch({"anthropic"});
  EXPECT_TRUE(waits("anthropic", "opus-5"));
  EXPECT_TRUE(waits("anthropic", "haiku-4-5"));
  EXPECT_FALSE(waits("relay", "opus-5"));
  book.hold_batch({"*"});
  EXPECT_TRUE(waits("relay", "opus-5"));
  book.hold_batch({});
  EXPECT_FALSE(waits("anthropic", "opus-5"));
  EXPECT_FALSE(waits("relay", "opus-5"));
}

TEST(RoomBook, WhoeverFillsTheBookWithNamesDoesNotTakeThePacingFromOthers) {
  ManualClock clock;
  RoomBook book(clock);
  ProviderPlan plan = anthropic();
  GroupLimitRule& rule = plan.pools.limits.emplace_back();
  rule.limits.limits[Dimension::Requests] = 20;
  configure(book, {plan});
  LiveRoom* const opus = book.room(name_of("opus-5"));
  const LiveRoom::Answer out = opus->enter(clock.now().steady, at_once(clock), {}, nullptr);
  opus->answered(clock.now().steady, out.request, {});
  LiveRoom* const waited_for = book.room(name_of("typo-0"));
  const LiveRoom::Answer answer = waited_for->enter(clock.now().steady, at_once(clock), {}, nullptr);
  for (int i = 1; i < 2'500; ++i) ASSERT_NE(book.room(name_of("typo-" + std::to_string(i))), nullptr);
  // No place, and nothing that could go yet: those that are new share one room, with the provider's limits.
  LiveRoom* const shared = book.room(name_of("sonnet-5"));
  EXPECT_EQ(book.room(name_of("haiku-4-5")), shared);
  EXPECT_EQ(shared->view(clock.now().steady).pools[0].levels[0].limit, 20);
  EXPECT_EQ(book.rooms().size(), 2'001U);
  clock.advance(Seconds(6));
  LiveRoom* const sonnet = book.room(name_of("sonnet-5"));
  EXPECT_NE(sonnet, shared);
  EXPECT_NE(book.room(name_of("haiku-4-5")), sonnet);
  // Neither who was answered lately nor who has somebody out had to go.
  EXPECT_EQ(book.room(name_of("opus-5")), opus);
  EXPECT_EQ(book.room(name_of("typo-0")), waited_for);
  waited_for->cancel(clock.now().steady, answer.request);
  opus->cancel(clock.now().steady, out.request);
  EXPECT_LE(book.rooms().size(), 2'001U);
}

TEST(RoomBook, AClassKeepsItsPartOfTheLimitsThatHeadersTell) {
  const SystemClock clock;
  RoomBook book(clock);
  configure(book, {anthropic()});
  RoomName name = name_of("opus-5");
  name.class_factor = 0.7;
  Readings readings;
  readings[Dimension::Requests] = {.limit = 100.0, .remaining = 99.0, .full_after_seconds = 0.6};
  const auto learned = [&](std::string_view class_name, HeaderScope scope) {
    name.class_name = class_name;
    name.class_headers = scope;
    LiveRoom* const room = book.room(name);
    const SteadyTime now = clock.now().steady;
    const LiveRoom::Answer out = room->enter(now, at_once(clock), {}, nullptr);
    room->answered(now, out.request, readings);
    return room->view(now).pools.at(0).levels.at(0).limit;
  };
  EXPECT_DOUBLE_EQ(learned("code", HeaderScope::Model), 70);
  EXPECT_DOUBLE_EQ(learned("apart", HeaderScope::Class), 100);
}

}  // namespace
}  // namespace tidegate::quota
