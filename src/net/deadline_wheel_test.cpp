// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/deadline_wheel.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace tidegate::net {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

class Noted final : public DeadlineEntry {
 public:
  int called = 0;

 private:
  void on_deadline() override { ++called; }
};

TEST(DeadlineWheel, CallsOnceAfterTheMomentHasPassedAndNotBefore) {
  DeadlineWheel wheel(kStart);
  Noted entry;
  wheel.set(entry, kStart + 5s);
  wheel.advance(kStart + 4900ms);
  EXPECT_EQ(entry.called, 0);
  wheel.advance(kStart + 5200ms);
  EXPECT_EQ(entry.called, 1);
  wheel.advance(kStart + 60s);
  EXPECT_EQ(entry.called, 1);
}

TEST(DeadlineWheel, FollowsADeadlineThatMovesEitherWay) {
  DeadlineWheel wheel(kStart);
  Noted entry;
  wheel.set(entry, kStart + 5s);
  wheel.set(entry, kStart + 20s);
  wheel.advance(kStart + 10s);
  EXPECT_EQ(entry.called, 0);
  wheel.set(entry, kStart + 11s);
  wheel.advance(kStart + 11200ms);
  EXPECT_EQ(entry.called, 1);
}

TEST(DeadlineWheel, KeepsADeadlineBeyondItsHorizon) {
  DeadlineWheel wheel(kStart);
  Noted entry;
  wheel.set(entry, kStart + 1h);
  for (SteadyTime now = kStart; now < kStart + 1h; now += 10s) wheel.advance(now);
  EXPECT_EQ(entry.called, 0);
  wheel.advance(kStart + 1h + 200ms);
  EXPECT_EQ(entry.called, 1);
}

TEST(DeadlineWheel, FindsEverythingAfterALongSleep) {
  DeadlineWheel wheel(kStart);
  Noted soon;
  Noted later;
  wheel.set(soon, kStart + 1s);
  wheel.set(later, kStart + 10min);
  wheel.advance(kStart + 1h);
  EXPECT_EQ(soon.called, 1);
  wheel.advance(kStart + 1h + 110s);
  EXPECT_EQ(later.called, 1);
}

TEST(DeadlineWheel, ForgetsWhatIsClearedOrDestroyed) {
  DeadlineWheel wheel(kStart);
  Noted cleared;
  auto destroyed = std::make_unique<Noted>();
  wheel.set(cleared, kStart + 1s);
  wheel.set(*destroyed, kStart + 1s);
  DeadlineWheel::clear(cleared);
  destroyed.reset();
  wheel.advance(kStart + 2s);
  EXPECT_EQ(cleared.called, 0);
}

TEST(DeadlineWheel, LetsACallbackDestroyItsNeighbour) {
  class Killer final : public DeadlineEntry {
   public:
    std::unique_ptr<Noted> victim;

   private:
    void on_deadline() override { victim.reset(); }
  };
  DeadlineWheel wheel(kStart);
  Killer first;
  first.victim = std::make_unique<Noted>();
  wheel.set(first, kStart + 1s);
  wheel.set(*first.victim, kStart + 1s);
  wheel.advance(kStart + 2s);
  EXPECT_EQ(first.victim, nullptr);
}

TEST(DeadlineWheel, NeedsNoTickWhenNothingHangsInIt) {
  DeadlineWheel wheel(kStart);
  EXPECT_EQ(wheel.next_tick(), SteadyTime::max());
  Noted entry;
  wheel.set(entry, kStart + 1s);
  EXPECT_LE(wheel.next_tick(), kStart + 1s);
  wheel.advance(kStart + 2s);
  EXPECT_EQ(wheel.next_tick(), SteadyTime::max());
}

}  // namespace
}  // namespace tidegate::net
