// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/shadow_board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::app {
namespace {

using monitor::ShadowDecision;

monitor::ShadowOptions everything_to_relay() {
  monitor::ShadowOptions options;
  options.provider = ProviderId("relay");
  options.share = 1;
  options.max_concurrent = 1'000;
  options.max_per_minute = 100'000;
  options.budget = Money::dollars(1'000);
  return options;
}

monitor::ShadowSample pair_of(const std::string& model, Now now, bool ok = true) {
  monitor::ShadowSample sample;
  sample.official_provider = "anthropic";
  sample.shadow_provider = "relay";
  sample.model = model;
  sample.at = now.steady;
  sample.official = {.ok = true, .time_to_first_token = Milliseconds(500), .total_time = Seconds(5), .output_tokens = 100};
  sample.shadow = {.ok = ok, .time_to_first_token = Milliseconds(700), .total_time = Seconds(5), .output_tokens = 100};
  sample.shadow.cost = Money::nanodollars(1'000'000);
  return sample;
}

class ShadowBoardTest : public testing::Test {
 protected:
  ShadowBoardTest() {
    clock_.advance(std::chrono::hours(100));
    board_.restore({}, clock_.now());
  }
  ShadowDecision ask(Money estimate = {}) { return board_.ask({.request_id = "r", .estimate = estimate}, clock_.now()); }
  void add(const std::string& model, int count) {
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(ask(), ShadowDecision::Send);
      board_.finish(0, {}, pair_of(model, clock_.now()), clock_.now());
    }
    board_.collect();
  }

  ManualClock clock_;
  ShadowBoard board_{everything_to_relay(), 2};
};

TEST_F(ShadowBoardTest, ReportsAllModelsTogetherAndThenEach) {
  add("few", 5);
  add("many", 120);
  const auto reports = board_.reports(std::chrono::hours(24), clock_.now().steady);
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports[0].model, "");
  EXPECT_EQ(reports[0].pairs, 125);
  EXPECT_EQ(reports[0].verdict.text,
            "relay is 200 ms [200, 200] slower to first token, success 100 % against 100 %, n = 125: usable as spare");
  EXPECT_EQ(reports[1].model, "many");
  EXPECT_EQ(reports[2].verdict.text, "too few samples yet (n = 5)");
}

TEST_F(ShadowBoardTest, ReportsOneModelOnceAndOnlyTheTimeAskedFor) {
  add("m", 3);
  clock_.advance(std::chrono::hours(2));
  add("m", 1);
  ASSERT_EQ(board_.reports(std::chrono::hours(24), clock_.now().steady).size(), 1U);
  EXPECT_EQ(board_.reports(std::chrono::hours(24), clock_.now().steady)[0].pairs, 4);
  EXPECT_EQ(board_.reports(std::chrono::hours(1), clock_.now().steady)[0].pairs, 1);
  EXPECT_EQ(board_.reports(Nanoseconds::max(), clock_.now().steady)[0].pairs, 4);
  clock_.advance(std::chrono::hours(2));
  EXPECT_TRUE(board_.reports(std::chrono::hours(1), clock_.now().steady).empty());
}

TEST_F(ShadowBoardTest, CountsWhatBecameOfCopies) {
  EXPECT_EQ(ask(Money::dollars(2)), ShadowDecision::Send);
  EXPECT_EQ(board_.counts(clock_.now()).running, 1U);
  board_.finish(1, Money::dollars(2), pair_of("m", clock_.now(), false), clock_.now());
  EXPECT_EQ(ask(Money::dollars(2)), ShadowDecision::Send);
  board_.abandon(Money::dollars(2), Money::dollars(1), clock_.now());
  EXPECT_EQ(ask(Money::dollars(1'000)), ShadowDecision::Budget);
  const monitor::ShadowCounts counts = board_.counts(clock_.now());
  ASSERT_EQ(counts.answered.size(), 1U);
  EXPECT_EQ(counts.answered[0].failed, 1);
  EXPECT_EQ(counts.answered[0].cost, Money::nanodollars(1'000'000));
  EXPECT_EQ(counts.of(ShadowDecision::Send), 2);
  EXPECT_EQ(counts.of(ShadowDecision::Budget), 1);
  EXPECT_EQ(counts.running, 0U);
  EXPECT_EQ(counts.spent_today, Money::nanodollars(1'001'000'000));
}

TEST_F(ShadowBoardTest, DropsAndCountsWhatComesFasterThanItIsTakenIn) {
  for (std::size_t i = 0; i < ShadowBoard::kWaitingPairs + 10; ++i) {
    EXPECT_EQ(ask(), ShadowDecision::Send);
    board_.finish(0, {}, pair_of("m", clock_.now()), clock_.now());
  }
  EXPECT_EQ(board_.counts(clock_.now()).dropped, 10U);
  EXPECT_EQ(board_.counts(clock_.now()).answered[0].good, static_cast<std::int64_t>(ShadowBoard::kWaitingPairs) + 10);
  EXPECT_EQ(board_.reports(std::chrono::hours(1), clock_.now().steady)[0].pairs, static_cast<std::int64_t>(ShadowBoard::kWaitingPairs));
}

TEST_F(ShadowBoardTest, IsSwitchedOnAndOffWhileItRuns) {
  ShadowBoard board(monitor::ShadowOptions{}, 1);
  EXPECT_EQ(board.ask({.request_id = "r"}, clock_.now()), ShadowDecision::Off);
  EXPECT_FALSE(board.misses_past()) << "nobody asks";
  board.adopt(everything_to_relay());
  EXPECT_TRUE(board.misses_past());
  EXPECT_EQ(board.ask({.request_id = "r"}, clock_.now()), ShadowDecision::Starting);
  board.restore({}, clock_.now());
  EXPECT_EQ(board.ask({.request_id = "r"}, clock_.now()), ShadowDecision::Send);
  board.adopt({});
  EXPECT_EQ(board.ask({.request_id = "r"}, clock_.now()), ShadowDecision::Off);
}

TEST_F(ShadowBoardTest, TellsTheLastMinutesFromTheDayBeforeThem) {
  add("m", 7);
  clock_.advance(std::chrono::minutes(11));
  EXPECT_TRUE(board_.standings(clock_.now().steady).empty()) << "nothing of late";
  add("m", 2);
  const auto standings = board_.standings(clock_.now().steady);
  ASSERT_EQ(standings.size(), 1U);
  EXPECT_EQ(standings[0].recent.pairs, 2);
  EXPECT_EQ(standings[0].day.pairs, 7);
}

TEST_F(ShadowBoardTest, TakesPairsFromWorkersWhileItReports) {
  std::atomic<int> sent = 0;
  const Now now = clock_.now();
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < 2; ++worker) {
    workers.emplace_back([&, worker] {
      for (int i = 0; i < 200; ++i) {
        if (board_.ask({.request_id = "r"}, now) != ShadowDecision::Send) continue;
        board_.finish(worker, {}, pair_of("m", now), now);
        ++sent;
      }
    });
  }
  for (int i = 0; i < 5; ++i) {
    (void)board_.reports(std::chrono::hours(1), now.steady);
    (void)board_.counts(now);
  }
  for (std::thread& worker : workers) worker.join();
  const auto dropped = static_cast<std::int64_t>(board_.counts(now).dropped);
  EXPECT_EQ(board_.reports(std::chrono::hours(1), now.steady)[0].pairs + dropped, sent);
  EXPECT_EQ(sent, 400);
}

}  // namespace
}  // namespace tidegate::app
