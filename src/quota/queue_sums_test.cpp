// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/flow.h"
#include "quota/queue_sums.h"
#include "quota/room_fixture.h"

#include <gtest/gtest.h>

#include <deque>

namespace tidegate::quota {
namespace {

QueueSum request(std::int64_t input) { return {.requests = 1, .input = input, .output = 10, .cost = 1'000}; }

TEST(QueueSums, SumUpWhatStandsBeforeAPlace) {
  QueueSums sums(8);
  for (std::uint64_t place = 100; place < 105; ++place) sums.add(place, request(static_cast<std::int64_t>(place)));
  EXPECT_EQ(sums.before(100, 100), QueueSum{});
  EXPECT_EQ(sums.before(100, 103), (QueueSum{.requests = 3, .input = 303, .output = 30, .cost = 3'000}));
  sums.remove(101, request(101));
  EXPECT_EQ(sums.before(100, 103), (QueueSum{.requests = 2, .input = 202, .output = 20, .cost = 2'000}));
}

TEST(QueueSums, TheRingHasNoEnd) {
  QueueSums sums(4);
  EXPECT_EQ(sums.capacity(), 4U);
  for (std::uint64_t place = 0; place < 1'000; ++place) {
    sums.add(place, request(1));
    if (place >= 3) {
      EXPECT_EQ(sums.before(place - 3, place).requests, 3);
      sums.remove(place - 3, request(1));
    }
  }
}

/// A long queue with people who join at both ends and leave from everywhere.
TEST(QueueSums, OfAFlowAgreeWithCounting) {
  for (const unsigned seed : seeds(20)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    std::vector<WaitingRequest> requests(3'000);
    Flow flow;
    std::deque<std::uint32_t> order;
    std::vector<std::uint32_t> free;
    for (std::uint32_t slot = 0; slot < requests.size(); ++slot) free.push_back(slot);
    for (int step = 0; step < 3'000; ++step) {
      SCOPED_TRACE(step);
      const bool grows = step < 1'500 ? !dice.once_in(4) : dice.once_in(4);
      if (grows || order.empty()) {
        const std::uint32_t slot = free.back();
        free.pop_back();
        requests[slot].need = {.input = dice.between(0, 100), .predicted_output = 0, .mean_output = dice.between(0, 100), .max_tokens = 0};
        requests[slot].cost = dice.between(0, 1);
        if (dice.once_in(5)) {
          push_front(flow, requests, slot);
          order.push_front(slot);
        } else {
          push_back(flow, requests, slot);
          order.push_back(slot);
        }
      } else {
        const auto which = order.begin() + (dice.once_in(2) ? 0 : static_cast<std::ptrdiff_t>(dice.roll(static_cast<unsigned>(order.size()))));
        unlink(flow, requests, *which);
        free.push_back(*which);
        order.erase(which);
      }
      if (dice.once_in(50)) number_places(flow, requests);
      if (order.empty()) continue;
      const auto position = dice.roll(static_cast<unsigned>(order.size()));
      double input = 0, cost = 0;
      for (unsigned i = 0; i < position; ++i) {
        input += requests[order[i]].need.input;
        cost += requests[order[i]].cost;
      }
      const Ahead ahead = ahead_of(flow, requests, order[position]);
      ASSERT_EQ(ahead.requests, position);
      ASSERT_NEAR(ahead.need[Dimension::Input], input, 0.5 * position + 1e-6);  // whole tokens
      ASSERT_NEAR(ahead.cost, cost, 1e-6);
    }
  }
}

}  // namespace
}  // namespace tidegate::quota
