// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/shadow_sampler.h"

#include "monitor/shadow_hash.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>

namespace tidegate::monitor {
namespace {

ShadowOptions to_relay(double share, ShadowBy by = ShadowBy::Request) {
  ShadowOptions options;
  options.provider = ProviderId("relay");
  options.share = share;
  options.by = by;
  return options;
}

TEST(ShadowHash, IsTheSameInEveryProcessAndVersion) {
  // Computed apart from this code: FNV-1a 64 followed by fmix64.
  EXPECT_EQ(stable_hash(""), 0xefd01f60ba992926U);
  EXPECT_EQ(stable_hash("req_tg1"), 0xd614b3e0845c4c2eU);
}

TEST(ShadowSampler, DrawsItsShareOfRequestsWhateverTheirIdsLookLike) {
  constexpr int kIds = 200'000;
  for (const double share : {0.001, 0.05, 0.5, 0.93}) {
    for (const char* const shape : {"req_tg{}", "{:016x}", "req_01{:08}ABCD"}) {
      int drawn = 0;
      for (int i = 0; i < kIds; ++i) drawn += is_in_shadow_sample(to_relay(share), fmt::format(fmt::runtime(shape), i), {}) ? 1 : 0;
      const double four_deviations = 4 * std::sqrt(share * (1 - share) / kIds);
      EXPECT_NEAR(static_cast<double>(drawn) / kIds, share, four_deviations) << shape;
    }
  }
}

TEST(ShadowSampler, DrawsAllOrNoneAtTheEnds) {
  EXPECT_TRUE(is_in_shadow_sample(to_relay(1), "x", {}));
  EXPECT_FALSE(is_in_shadow_sample(to_relay(0), "x", {}));
  ShadowOptions off = to_relay(1);
  off.enabled = false;
  EXPECT_FALSE(is_in_shadow_sample(off, "x", {}));
  EXPECT_FALSE(is_in_shadow_sample(ShadowOptions{}, "x", {})) << "off by default";
}

TEST(ShadowSampler, TakesConversationsWhole) {
  int sessions = 0;
  for (int session = 0; session < 20'000; ++session) {
    const std::string name = "session-" + std::to_string(session);
    const bool first = is_in_shadow_sample(to_relay(0.1, ShadowBy::Session), "a" + name, name);
    for (const char* const request : {"b", "c", "d"}) {
      ASSERT_EQ(is_in_shadow_sample(to_relay(0.1, ShadowBy::Session), request + name, name), first);
    }
    sessions += first ? 1 : 0;
  }
  EXPECT_NEAR(sessions, 2'000, 4 * 42.4);
  EXPECT_EQ(is_in_shadow_sample(to_relay(0.1, ShadowBy::Session), "id", {}), is_in_shadow_sample(to_relay(0.1), "id", "s"));
}

TEST(ShadowSampler, KeepsWhoWasDrawnWhenTheShareGrows) {
  for (int i = 0; i < 5'000; ++i) {
    const std::string id = std::to_string(i);
    const bool drawn = is_in_shadow_sample(to_relay(0.05), id, {});
    EXPECT_TRUE(!drawn || is_in_shadow_sample(to_relay(0.2), id, {})) << id;
  }
}

class ShadowGateTest : public testing::Test {
 protected:
  ShadowGateTest() {
    options_ = to_relay(1);
    options_.max_concurrent = 2;
    options_.max_per_minute = 3;
    options_.budget = Money::dollars(1);
    gate_.adopt(options_);
    gate_.restore(Money(), clock_.now());
  }
  ShadowDecision ask(Money estimate = {}, std::optional<double> headroom = {}) {
    return gate_.ask({.request_id = "r", .headroom = headroom, .estimate = estimate}, clock_.now());
  }
  void settle(Money cost, Money estimate = {}) { gate_.settle(estimate, cost, clock_.now()); }

  ManualClock clock_;
  ShadowOptions options_;
  ShadowGate gate_{ShadowOptions{}};
};

TEST_F(ShadowGateTest, LetsOnlySoManyRunAtOnce) {
  EXPECT_EQ(ask(), ShadowDecision::Send);
  EXPECT_EQ(ask(), ShadowDecision::Send);
  EXPECT_EQ(ask(), ShadowDecision::Concurrency);
  settle({});
  EXPECT_EQ(ask(), ShadowDecision::Send);
}

TEST_F(ShadowGateTest, LetsOnlySoManyGoInAnySixtySeconds) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask(), ShadowDecision::Send);
    settle({});
    clock_.advance(Seconds(10));
  }
  EXPECT_EQ(ask(), ShadowDecision::Minute);
  clock_.advance(Seconds(29));  // 59 s after the first
  EXPECT_EQ(ask(), ShadowDecision::Minute);
  clock_.advance(Seconds(1));
  EXPECT_EQ(ask(), ShadowDecision::Send);
  settle({});
  EXPECT_EQ(ask(), ShadowDecision::Minute) << "the second went 50 s ago";
}

TEST_F(ShadowGateTest, SetsTheEstimateAsideSoThatTheBudgetHolds) {
  const Money much = Money::nanodollars(600'000'000);
  EXPECT_EQ(ask(much), ShadowDecision::Send);
  EXPECT_EQ(ask(much), ShadowDecision::Budget);
  settle(Money::nanodollars(100'000'000), much);
  EXPECT_EQ(ask(much), ShadowDecision::Send) << "it took less than was set aside";
  settle(Money::dollars(1), much);
  EXPECT_EQ(ask(), ShadowDecision::Budget) << "spent is spent, also for what should cost nothing";
  EXPECT_EQ(gate_.spent(clock_.now()), Money::nanodollars(1'100'000'000));
}

TEST_F(ShadowGateTest, BeginsANewBudgetWithTheDayInUtc) {
  clock_.set_wall(*parse_rfc3339("2026-03-01T23:59:59Z"));
  EXPECT_EQ(ask(), ShadowDecision::Send);
  settle(Money::dollars(1));
  EXPECT_EQ(ask(), ShadowDecision::Budget);
  clock_.advance(Seconds(1));
  EXPECT_EQ(gate_.spent(clock_.now()), Money());
  EXPECT_EQ(ask(), ShadowDecision::Send);
}

TEST_F(ShadowGateTest, SendsNothingBeforeItKnowsWhatWasSpentToday) {
  ShadowGate fresh(options_);
  EXPECT_EQ(fresh.ask({.request_id = "r"}, clock_.now()), ShadowDecision::Starting);
  fresh.restore(Money::dollars(1), clock_.now());
  EXPECT_EQ(fresh.ask({.request_id = "r"}, clock_.now()), ShadowDecision::Budget);
}

TEST_F(ShadowGateTest, LeavesShortLimitsToRealTraffic) {
  EXPECT_EQ(ask({}, 0.19), ShadowDecision::Headroom);
  EXPECT_EQ(ask({}, 0.2), ShadowDecision::Send);
  EXPECT_EQ(ask(), ShadowDecision::Send) << "a relay that tells no limits";
}

TEST_F(ShadowGateTest, KeepsItsCountsWhenSettingsChange) {
  EXPECT_EQ(ask(), ShadowDecision::Send);
  settle(Money::dollars(1));
  options_.budget = Money::dollars(2);
  gate_.adopt(options_);
  EXPECT_EQ(ask(), ShadowDecision::Send);
  options_.enabled = false;
  gate_.adopt(options_);
  EXPECT_EQ(ask(), ShadowDecision::Off);
  EXPECT_EQ(gate_.running(), 1U);
  settle({});
  EXPECT_EQ(gate_.running(), 0U);
}

}  // namespace
}  // namespace tidegate::monitor
