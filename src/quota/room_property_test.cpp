// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What holds of a room in every schedule. Each test runs seeded random ones and names the seed that fails; --gtest_random_seed=N runs that
// one alone.
#include "quota/room.h"
#include "quota/room_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::quota {
namespace {

/// A team, a provider and its faults, all random, around one room; checks after every step what must always hold.
class Storm {
 public:
  explicit Storm(unsigned seed) : dice_(seed), room_(at(0), settings()) {
    const unsigned buckets = 1 + dice_.roll(3);
    for (unsigned b = 0; b < buckets; ++b) {
      room_.add_bucket(at(0));
      blocked_until_.push_back(0);
      if (!dice_.once_in(4)) {
        room_.bucket(b).set_limits(at(0), limits(dice_.between(5, 200), dice_.between(5'000, 200'000), dice_.between(2'000, 40'000)),
                                   dice_.between(5, 60));
      }
      for (unsigned k = 0; k <= dice_.roll(2); ++k) keys_.push_back(room_.add_key(b));
    }
  }

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      SCOPED_TRACE(testing::Message() << "step " << step << " at " << now_ << " s");
      advance(dice_.once_in(40) ? dice_.between(0, 30) : dice_.between(0, 0.4));
      act();
      pump();
      if (testing::Test::HasFailure()) return;
    }
    finish();
  }

 private:
  struct Known {
    RequestId id;
    std::string tenant;
    Priority priority;
    double deadline;
    enum { Waiting, Flying, Delayed, Over } state = Waiting;
    std::size_t bucket = 0;
    int failures = 0;
    double not_before = 0;  ///< what its own failure asked for
  };

  RoomSettings settings() {
    RoomSettings settings;
    settings.bucket.accounting = dice_.once_in(3) ? OutputAccounting::ReserveMaximum : OutputAccounting::AsProduced;
    settings.predicts = !dice_.once_in(4);
    settings.max_waiting = max_waiting_ = dice_.once_in(4) ? 20 : 20'000;
    return settings;
  }

  /// Time passes as it does for the owner of the room: woken when the room asks for it.
  void advance(double by) {
    const double until = now_ + by;
    for (int wakes = 0; room_.wake_at() && *room_.wake_at() <= at(until); ++wakes) {
      const double woken = std::chrono::duration<double>(*room_.wake_at() - at(0)).count();
      ASSERT_GT(*room_.wake_at(), at(now_) - Nanoseconds(1));
      now_ = std::max(now_, woken);
      pump();
      ASSERT_LT(wakes, 100'000) << "woken again and again";
    }
    now_ = until;
  }

  void act() {
    if (known_.empty() || dice_.once_in(2)) return submit();
    const std::size_t which = dice_.roll(static_cast<unsigned>(known_.size()));
    Known& known = known_[which];
    const bool flies = known.state == Known::Flying;
    switch (dice_.roll(10)) {
      case 0:
        room_.cancel(at(now_), known.id);
        known.state = Known::Over;
        break;
      case 1:
      case 2: {
        Readings readings;
        if (dice_.once_in(2)) readings = reading(Dimension::Requests, dice_.between(5, 200), dice_.between(0, 200), dice_.between(0, 60));
        room_.answered(at(now_), known.id, readings);
        break;
      }
      case 3: room_.counted_input(at(now_), known.id, dice_.between(0, 5'000)); break;
      case 4: room_.produced(at(now_), known.id, dice_.between(0, 500)); break;
      case 5:
      case 6:
        room_.ended(at(now_), known.id, dice_.once_in(2));
        if (flies) known.state = Known::Over;
        break;
      case 7: refuse(known); break;
      case 8: {
        const std::size_t key = dice_.one_of(keys_);
        room_.set_key_in_rotation(key, dice_.once_in(3) ? !room_.is_in_rotation(key) : true);
        break;
      }
      case 9:
        if (dice_.once_in(20)) {
          const auto into = dice_.roll(static_cast<unsigned>(room_.buckets())), from = dice_.roll(static_cast<unsigned>(room_.buckets()));
          room_.merge_buckets(at(now_), into, from);
          if (into == from) break;
          for (Known& one : known_) {
            if (one.state == Known::Flying && one.bucket == from) one.bucket = into;
          }
          blocked_until_[into] = std::max(blocked_until_[into], blocked_until_[from]);
        }
        break;
    }
  }

  void submit() {
    Known known{.id = {}, .tenant = std::string(1, static_cast<char>('a' + dice_.roll(5))), .priority = dice_.once_in(2) ? Priority::Batch : Priority::Interactive,
                .deadline = now_ + (dice_.once_in(10) ? 0 : dice_.between(0, 60))};
    Submission submission{.tenant = known.tenant, .priority = known.priority, .weight = dice_.between(0.5, 3), .body_bytes = dice_.between(0, 30'000),
                          .max_tokens = dice_.once_in(4) ? 0 : dice_.between(1, 8'000), .deadline = at(known.deadline), .only_key = {}};
    if (dice_.once_in(6)) submission.only_key = dice_.one_of(keys_);
    const std::size_t waiting = room_.waiting();
    const auto id = room_.submit(at(now_), submission);
    EXPECT_EQ(id.has_value(), waiting < max_waiting_);
    if (!id) return;
    known.id = *id;
    known_.push_back(known);
  }

  void refuse(Known& known) {
    const auto kind = static_cast<RefusalKind>(dice_.roll(6));
    Refusal why = refusal(kind, dice_.once_in(2) ? std::optional(dice_.between(0, 20)) : std::nullopt);
    if (dice_.once_in(2)) why.readings = reading(Dimension::Requests, 60, dice_.between(0, 60));
    const bool flies = known.state == Known::Flying;
    room_.refused(at(now_), known.id, why);
    if (!flies) return;
    const bool failed = kind == RefusalKind::Overloaded || kind == RefusalKind::Unreachable;
    known.state = failed ? Known::Delayed : Known::Waiting;
    if (failed) ++known.failures;
    EXPECT_LE(known.failures, 4) << "retried more often than three times";
    if (why.retry_after_seconds && kind == RefusalKind::Overloaded) known.not_before = now_ + *why.retry_after_seconds;
    if (why.retry_after_seconds && !failed && kind != RefusalKind::SpendCap) {
      const double named = kind == RefusalKind::Concurrency ? std::min(60.0, *why.retry_after_seconds) : *why.retry_after_seconds;
      blocked_until_[known.bucket] = std::max(blocked_until_[known.bucket], now_ + named);
    }
    const WaitingRequest* const found = room_.find(known.id);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->deadline, std::max(at(known.deadline), found->submitted_at)) << "a refusal changes no deadline";
    if (failed) return;
    // At the front of its own queue.
    EXPECT_EQ(found->state, RequestState::Queued);
    EXPECT_EQ(found->before, kNobody);
  }

  void pump() {
    std::vector<Decision> decisions;
    room_.pump(at(now_), decisions);
    for (const Decision& decision : decisions) {
      const auto found = std::find_if(known_.begin(), known_.end(), [&](const Known& one) { return one.id == decision.request; });
      ASSERT_NE(found, known_.end()) << "a decision about a request that nobody made";
      EXPECT_TRUE(found->state == Known::Waiting || found->state == Known::Delayed) << "decided twice";
      EXPECT_GE(decision.wait_seconds, 0);
      if (decision.verdict == Verdict::Overflow) {
        found->state = Known::Over;
        EXPECT_EQ(room_.find(decision.request), nullptr);
        continue;
      }
      found->state = Known::Flying;
      found->bucket = decision.bucket;
      EXPECT_EQ(room_.bucket_of(decision.key), decision.bucket);
      EXPECT_TRUE(room_.is_in_rotation(decision.key));
      EXPECT_GE(now_, found->not_before - 1e-6) << "tried again before the provider wanted it";
      EXPECT_GE(now_, blocked_until_[decision.bucket] - 1e-6) << "sent before the provider wanted it";
      const WaitingRequest* const request = room_.find(decision.request);
      ASSERT_NE(request, nullptr);
      EXPECT_EQ(request->state, RequestState::Flying);
      if (request->only_key) {
        EXPECT_EQ(*request->only_key, decision.key);
      }
    }
    known_.erase(std::remove_if(known_.begin(), known_.end(), [&](const Known& one) { return one.state == Known::Over && !dice_.once_in(4); }),
                 known_.end());
    check();
  }

  void check() {
    std::size_t waiting[2] = {0, 0};
    std::vector<std::int64_t> held(room_.buckets(), 0);
    std::vector<int> in_flight(room_.buckets(), 0);
    for (const Known& known : known_) {
      const WaitingRequest* const found = room_.find(known.id);
      if (known.state == Known::Over) {
        EXPECT_EQ(found, nullptr);
        continue;
      }
      ASSERT_NE(found, nullptr) << "a request is lost";
      if (found->state == RequestState::Queued) ++waiting[static_cast<std::size_t>(known.priority)];
      if (found->state == RequestState::Flying) {
        EXPECT_EQ(known.state, Known::Flying);
        held[found->bucket] += found->flight.hold;
        ++in_flight[found->bucket];
      } else {
        EXPECT_NE(known.state, Known::Flying);
        EXPECT_LE(now_, known.deadline + 0.05) << "waits beyond its deadline";
        EXPECT_TRUE(room_.wake_at().has_value()) << "waits, but nobody will wake the room";
      }
      EXPECT_FALSE(std::isnan(room_.foretell(known.id)));
      EXPECT_TRUE(std::isfinite(room_.virtual_time(known.tenant, known.priority)));
    }
    EXPECT_EQ(room_.waiting(Priority::Interactive), waiting[0]);
    EXPECT_EQ(room_.waiting(Priority::Batch), waiting[1]);
    EXPECT_EQ(room_.waiting(), waiting[0] + waiting[1]);
    EXPECT_EQ(room_.obstacle() == Obstacle::None, room_.waiting() == 0) << to_string(room_.obstacle());
    EXPECT_TRUE(room_.obstacle() != Obstacle::Reservation || waiting[0] == 0) << "interactive requests wait for the reservation of batch";
    for (std::size_t b = 0; b < room_.buckets(); ++b) {
      EXPECT_EQ(room_.bucket(b).held(), held[b]);
      EXPECT_EQ(room_.bucket(b).in_flight(), in_flight[b]);
      for (const Dimension d : kAllDimensions) {
        EXPECT_TRUE(std::isfinite(room_.bucket(b).level(d)));
        EXPECT_TRUE(!room_.bucket(b).has_limit(d) || room_.bucket(b).level(d) <= room_.bucket(b).depth(d));
      }
    }
  }

  /// Everything ends; nothing is left behind.
  void finish() {
    for (Known& known : known_) {
      if (known.state == Known::Flying) {
        room_.ended(at(now_), known.id, true);
        known.state = Known::Over;
      }
    }
    advance(200);
    pump();
    for (Known& known : known_) {
      if (known.state == Known::Flying) room_.cancel(at(now_), known.id);
      else EXPECT_EQ(known.state, Known::Over);
    }
    EXPECT_EQ(room_.waiting(), 0U);
    for (std::size_t b = 0; b < room_.buckets(); ++b) {
      EXPECT_EQ(room_.bucket(b).held(), 0);
      EXPECT_EQ(room_.bucket(b).in_flight(), 0);
    }
  }

  Dice dice_;
  std::size_t max_waiting_ = 0;
  Room room_;
  double now_ = 0;
  std::vector<std::size_t> keys_;
  std::vector<Known> known_;
  std::vector<double> blocked_until_;
};

TEST(RoomProperty, WhateverHappensEveryRequestEndsOnceInTimeAndTheBooksBalance) {
  for (const unsigned seed : seeds(30)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Storm(seed).run(400);
    if (HasFailure()) return;
  }
}

/// One tenant's requests that always wait, and what it was served.
struct Load {
  std::string tenant;
  Priority priority = Priority::Interactive;
  double weight = 1;
  std::size_t backlog = 20;
  double body_bytes = 4'000, output = 200;
  double served = 0;  ///< tokens of output
  int requests = 0;
};

/// Keeps every load's backlog up for `seconds` in a room with ample deadlines; answers take two seconds.
void keep_busy(Dice& dice, Room& room, std::vector<Load>& loads, double seconds, const std::function<void(double)>& look = {}) {
  struct Flying {
    double ends_at;
    RequestId id;
    std::size_t load;
    double output;
  };
  std::vector<Flying> flying;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> waiting;
  std::vector<std::size_t> count(loads.size(), 0);
  double now = 0;
  std::vector<Decision> decisions;
  while (now < seconds) {
    for (std::size_t i = 0; i < loads.size(); ++i) {
      for (; count[i] < loads[i].backlog; ++count[i]) {
        const auto id = room.submit(at(now), {.tenant = loads[i].tenant, .priority = loads[i].priority, .weight = loads[i].weight,
                                              .body_bytes = loads[i].body_bytes * dice.between(0.5, 1.5), .max_tokens = 1'000,
                                              .deadline = at(now + 1e6), .only_key = {}});
        waiting[{id->slot, id->generation}] = i;
      }
    }
    decisions.clear();
    room.pump(at(now), decisions);
    for (const Decision& decision : decisions) {
      const auto found = waiting.find({decision.request.slot, decision.request.generation});
      ASSERT_NE(found, waiting.end());
      ASSERT_EQ(decision.verdict, Verdict::Go);
      flying.push_back({now + 2, decision.request, found->second, loads[found->second].output * dice.between(0.5, 1.5)});
      --count[found->second];
      waiting.erase(found);
    }
    if (look) look(now);
    double next = room.wake_at() ? std::chrono::duration<double>(*room.wake_at() - at(0)).count() : now + 1;
    for (const Flying& one : flying) next = std::min(next, one.ends_at);
    now = std::max(now + 1e-3, next);
    for (std::size_t i = 0; i < flying.size();) {
      Flying& one = flying[i];
      if (one.ends_at > now) {
        ++i;
        continue;
      }
      room.answered(at(now), one.id, {});
      room.counted_input(at(now), one.id, loads[one.load].body_bytes / 4);
      room.produced(at(now), one.id, one.output);
      room.ended(at(now), one.id, true);
      loads[one.load].served += one.output;
      ++loads[one.load].requests;
      flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

RoomSettings patient() {
  RoomSettings settings;
  settings.predicts = false;
  return settings;
}

TEST(RoomProperty, TenantsWhoAlwaysWaitAreServedByTheirWeights) {
  for (const unsigned seed : seeds(12)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    TestRoom test(limits(600, 400'000, 60'000), patient());
    test.room.bucket(0).set_level(at(0), Dimension::Output, 0);  // in the first burst nobody would have to wait
    std::vector<Load> loads{{.tenant = "one"}, {.tenant = "three", .weight = 3}};
    keep_busy(dice, test.room, loads, 600);
    EXPECT_NEAR(loads[1].served / loads[0].served, 3, 0.15);
    if (HasFailure()) return;
  }
}

TEST(RoomProperty, VirtualTimesOfThoseWhoWaitStayTogether) {
  for (const unsigned seed : seeds(12)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    TestRoom test(limits(600, 400'000, 60'000), patient());
    std::vector<Load> loads{{.tenant = "a"}, {.tenant = "b", .weight = 2, .output = 600}, {.tenant = "c", .weight = 0.5, .body_bytes = 40'000}};
    // The dearest: 60,000 bytes of 400,000 tokens a minute, or 1,000 tokens of 60,000; by the smallest weight; and what a settlement corrects.
    const double largest = std::max(60'000 / 4 * 1.1 / (400'000 / 60.0), 1'000 / 1'000.0) / 0.5;
    keep_busy(dice, test.room, loads, 300, [&](double now) {
      if (now < 60) return;
      double low = 1e18, high = 0;
      for (const Load& load : loads) {
        const double time = test.room.virtual_time(load.tenant, load.priority);
        low = std::min(low, time);
        high = std::max(high, time);
      }
      EXPECT_LE(high - low, 3 * largest);
    });
    if (HasFailure()) return;
  }
}

TEST(RoomProperty, BatchGetsATenthUnderInteractiveOverload) {
  for (const unsigned seed : seeds(12)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    TestRoom test(limits(600, 400'000, 60'000), patient());
    test.room.bucket(0).set_level(at(0), Dimension::Output, 0);
    std::vector<Load> loads{{.tenant = "people"}, {.tenant = "machines", .priority = Priority::Batch}};
    keep_busy(dice, test.room, loads, 1'200);
    const double part = loads[1].served / (loads[0].served + loads[1].served);
    EXPECT_GE(part, 0.09);
    EXPECT_LE(part, 0.13);
    if (HasFailure()) return;
  }
}

TEST(RoomProperty, WhoeverIsNextGoesIfItFitsAnywhere) {
  for (const unsigned seed : seeds(40)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    Room room(at(0), patient());
    for (unsigned b = 0; b <= dice.roll(3); ++b) {
      room.add_bucket(at(0));
      room.bucket(b).set_limits(at(0), limits(dice.between(10, 200), dice.between(10'000, 100'000), dice.between(3'000, 20'000)));
      room.add_key(b);
    }
    const Priority priority = dice.once_in(2) ? Priority::Interactive : Priority::Batch;
    std::map<std::string, std::deque<RequestId>> queues;
    std::vector<RequestId> flying;
    double now = 0;
    for (int step = 0; step < 400; ++step) {
      SCOPED_TRACE(step);
      now += dice.between(0, 0.5);
      const std::string tenant(1, static_cast<char>('a' + dice.roll(4)));
      queues[tenant].push_back(*room.submit(at(now), {.tenant = tenant, .priority = priority, .body_bytes = dice.between(0, 20'000),
                                                      .max_tokens = dice.between(1, 2'000), .deadline = at(now + 1e6), .only_key = {}}));
      if (!flying.empty() && dice.once_in(2)) {
        const std::size_t which = dice.roll(static_cast<unsigned>(flying.size()));
        room.answered(at(now), flying[which], {});
        room.produced(at(now), flying[which], dice.between(0, 500));
        room.ended(at(now), flying[which], true);
        flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(which));
      }
      std::vector<Decision> decisions;
      room.pump(at(now), decisions);
      for (const Decision& decision : decisions) {
        for (auto& [name, queue] : queues) {
          if (queue.empty() || !(queue.front() == decision.request)) continue;
          queue.pop_front();  // each tenant's in order
          if (decision.verdict == Verdict::Go) flying.push_back(decision.request);
          goto counted;
        }
        FAIL() << "someone overtook its own tenant's requests";
      counted:;
      }
      // Nobody who is next could go.
      double least = 1e18;
      for (const auto& [name, queue] : queues) {
        if (!queue.empty()) least = std::min(least, room.virtual_time(name, priority));
      }
      bool someone_waits = false, someone_fits_nowhere = false;
      for (const auto& [name, queue] : queues) {
        if (queue.empty() || room.virtual_time(name, priority) > least) continue;
        someone_waits = true;
        bool fits = false;
        for (std::size_t b = 0; b < room.buckets(); ++b) fits = fits || room.bucket(b).wait(room.find(queue.front())->need).seconds == 0;
        someone_fits_nowhere = someone_fits_nowhere || !fits;
      }
      EXPECT_TRUE(!someone_waits || someone_fits_nowhere || room.obstacle() == Obstacle::Reservation);
      if (HasFailure()) return;
    }
  }
}

/// The same decision, seen from outside.
void expect_same(const Decision& one, const Decision& other) {
  EXPECT_EQ(one.request, other.request);
  EXPECT_EQ(one.verdict, other.verdict);
  EXPECT_EQ(one.bucket, other.bucket);
  EXPECT_EQ(one.key, other.key);
  EXPECT_EQ(one.wait_seconds, other.wait_seconds);
  EXPECT_EQ(one.obstacle, other.obstacle);
}

TEST(RoomProperty, EnteringDecidesAsSubmittingAndPumpingDo) {
  int at_once = 0, later = 0;
  for (const unsigned seed : seeds(40)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    Room straight(at(0), {}), queued(at(0), {});
    for (unsigned b = 0; b <= dice.roll(3); ++b) {
      const Limits some = limits(dice.between(10, 200), dice.between(10'000, 100'000), dice.between(3'000, 20'000));
      for (Room* const room : {&straight, &queued}) {
        room->add_bucket(at(0));
        room->bucket(b).set_limits(at(0), some);
        room->add_key(b);
      }
    }
    std::vector<RequestId> flying;
    double now = 0;
    for (int step = 0; step < 300; ++step) {
      SCOPED_TRACE(step);
      now += dice.between(0, dice.once_in(20) ? 20 : 0.6);
      std::vector<Decision> from_straight, from_queued;
      if (!flying.empty() && dice.once_in(2)) {
        const std::size_t which = dice.roll(static_cast<unsigned>(flying.size()));
        const bool is_refused = dice.once_in(6);
        const double input = dice.between(0, 3'000), output = dice.between(0, 500);
        for (Room* const room : {&straight, &queued}) {
          if (is_refused) {
            room->refused(at(now), flying[which], refusal(RefusalKind::Overloaded));
            continue;
          }
          room->answered(at(now), flying[which], {});
          room->counted_input(at(now), flying[which], input);
          room->produced(at(now), flying[which], output);
          room->ended(at(now), flying[which], true);
        }
        flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(which));
      } else {
        const std::string tenant(1, static_cast<char>('a' + dice.roll(3)));
        const Submission submission{.tenant = tenant, .priority = dice.once_in(3) ? Priority::Batch : Priority::Interactive,
                                    .body_bytes = dice.between(0, 20'000), .max_tokens = dice.between(1, 2'000),
                                    .deadline = at(now + dice.between(0, 30)), .only_key = {}};
        const auto entered = straight.enter(at(now), submission);
        ASSERT_EQ(queued.submit(at(now), submission), entered->request);
        if (entered->decision) from_straight.push_back(*entered->decision);
        ++(entered->decision ? at_once : later);
      }
      if (from_straight.empty()) straight.pump(at(now), from_straight);
      queued.pump(at(now), from_queued);
      ASSERT_EQ(from_straight.size(), from_queued.size());
      for (std::size_t i = 0; i < from_queued.size(); ++i) {
        expect_same(from_straight[i], from_queued[i]);
        if (from_queued[i].verdict == Verdict::Go) flying.push_back(from_queued[i].request);
      }
      for (const char* const tenant : {"a", "b", "c"}) {
        for (const Priority priority : {Priority::Interactive, Priority::Batch}) {
          EXPECT_EQ(straight.virtual_time(tenant, priority), queued.virtual_time(tenant, priority));
        }
      }
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(at_once, 1'000);
  EXPECT_GT(later, 1'000);
}

}  // namespace
}  // namespace tidegate::quota
