// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/reactor.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::net {
namespace {

using namespace std::chrono_literals;

Task<int> number(int value) { co_return value; }

Task<void> sum_many(Reactor& reactor, int count, long& sum) {
  for (int i = 0; i < count; ++i) {
    Task<int> task = number(1);
    sum += co_await task;
  }
  reactor.stop();
}

TEST(Reactor, LoopsOverTasksThatNeverWaitWithoutUsingTheStack) {
  const SystemClock clock;
  Reactor reactor(clock);
  long sum = 0;
  reactor.spawn(sum_many(reactor, 1'000'000, sum));
  reactor.run();
  EXPECT_EQ(sum, 1'000'000);
}

TEST(Reactor, RunsPostedWorkInOrderFromOtherThreads) {
  const SystemClock clock;
  Reactor reactor(clock);
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) reactor.post([&order, i] { order.push_back(i); });
    reactor.post([&reactor] { reactor.stop(); });
  });
  reactor.run();
  other.join();
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

Task<void> note_after(Reactor& reactor, Nanoseconds wait, std::string name, std::string& notes) {
  Reactor::Sleep sleep = reactor.sleep_for(wait);
  co_await sleep;
  notes += name;
  if (name == "c") reactor.stop();
}

TEST(Reactor, WakesSleepersInTheOrderOfTheirMoments) {
  const SystemClock clock;
  Reactor reactor(clock);
  std::string notes;
  reactor.spawn(note_after(reactor, 3ms, "c", notes));
  reactor.spawn(note_after(reactor, 1ms, "a", notes));
  reactor.spawn(note_after(reactor, 2ms, "b", notes));
  reactor.run();
  EXPECT_EQ(notes, "abc");
}

Task<void> fail_at_once(Reactor& reactor) {
  reactor.stop();
  throw std::logic_error("a bug");
  co_return;
}

TEST(Reactor, EndsOnlyTheTaskThatThrows) {
  const SystemClock clock;
  Reactor reactor(clock);
  std::string told;
  reactor.on_exception([&told](const std::exception& bug) { told = bug.what(); });
  reactor.spawn(fail_at_once(reactor));
  reactor.run();
  EXPECT_EQ(told, "a bug");
  EXPECT_EQ(reactor.spawned(), 0U);
}

TEST(Reactor, DestroysWhatStillWaitsAtItsEnd) {
  struct Flag {
    bool& destroyed;
    ~Flag() { destroyed = true; }
  };
  const auto wait_for_ever = [](Reactor& reactor, bool& destroyed) -> Task<void> {
    const Flag flag{destroyed};
    Reactor::Sleep sleep = reactor.sleep_for(std::chrono::hours(1));
    co_await sleep;
  };
  const SystemClock clock;
  bool destroyed = false;
  {
    Reactor reactor(clock);
    reactor.spawn(wait_for_ever(reactor, destroyed));
  }
  EXPECT_TRUE(destroyed);
}

}  // namespace
}  // namespace tidegate::net
