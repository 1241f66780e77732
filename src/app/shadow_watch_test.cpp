// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/shadow_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidegate::app {
namespace {

using testing::HasSubstr;

monitor::ShadowOptions to_relay() {
  monitor::ShadowOptions options;
  options.provider = ProviderId("relay");
  return options;
}

class LedgerOfToday final : public store::LedgerQueries {
 public:
  Result<void> for_each(const store::EntryFilter& filter, const std::function<bool(const store::LedgerEntry&)>& take) override {
    ++questions;
    since = *filter.since;
    if (is_broken) return fail(FailureKind::Io, Origin::Store, "disk gone");
    for (const auto kind : {store::EntryKind::Request, store::EntryKind::Shadow, store::EntryKind::Shadow}) {
      store::LedgerEntry entry;
      entry.kind = kind;
      entry.cost = Money::dollars(2);
      if (!take(entry)) break;
    }
    return {};
  }
  Result<std::vector<store::CostRow>> aggregate(const store::EntryFilter&, std::span<const store::Dimension>) override {
    return std::vector<store::CostRow>();
  }

  bool is_broken = false;
  int questions = 0;
  WallTime since{};
};

TEST(RestoreShadowSpending, AddsUpTheCopiesOfTheDayOnceTheLedgerTells) {
  ManualClock clock;
  clock.set_wall(*parse_rfc3339("2026-03-01T17:30:00Z"));
  ShadowBoard board(to_relay(), 1);
  LedgerOfToday ledger;
  ledger.is_broken = true;
  EXPECT_FALSE(restore_shadow_spending(board, ledger, clock.now()));
  EXPECT_TRUE(board.misses_past());
  ledger.is_broken = false;
  EXPECT_TRUE(restore_shadow_spending(board, ledger, clock.now()));
  EXPECT_EQ(board.counts(clock.now()).spent_today, Money::dollars(4));
  EXPECT_EQ(to_rfc3339(ledger.since), "2026-03-01T00:00:00Z");
  EXPECT_TRUE(restore_shadow_spending(board, ledger, clock.now()));
  EXPECT_EQ(ledger.questions, 2) << "it is known";
}

TEST(RestoreShadowSpending, AsksNothingWhileShadowTrafficIsOff) {
  ManualClock clock;
  ShadowBoard board({}, 1);
  LedgerOfToday ledger;
  EXPECT_TRUE(restore_shadow_spending(board, ledger, clock.now()));
  EXPECT_EQ(ledger.questions, 0);
}

class ShadowWatchTest : public testing::Test {
 protected:
  ShadowWatchTest() { clock_.advance(std::chrono::hours(100)); }

  /// Official answers after `first_token`, give or take; relay always after 800 ms.
  void add(int pairs, int first_token) {
    for (int i = 0; i < pairs; ++i) {
      monitor::ShadowSample sample;
      sample.official_provider = "anthropic";
      sample.shadow_provider = "relay";
      sample.model = "m";
      sample.at = clock_.now().steady;
      sample.official = {.ok = true, .time_to_first_token = Milliseconds(first_token + i % 50), .total_time = Seconds(5)};
      sample.shadow = {.ok = true, .time_to_first_token = Milliseconds(800), .total_time = Seconds(5)};
      board_.finish(0, {}, std::move(sample), clock_.now());
    }
    board_.collect();
  }
  std::vector<std::string> look() {
    watch_.look(board_, alarms_, clock_.now());
    std::vector<std::string> kinds;
    for (const Alarm& alarm : alarms_.list()) kinds.push_back(alarm.kind + " " + alarm.subject);
    return kinds;
  }

  ManualClock clock_;
  ShadowBoard board_{to_relay(), 1};
  AlarmBoard alarms_;
  ShadowWatch watch_;
};

TEST_F(ShadowWatchTest, RaisesAnAlarmWhileOfficialLosesGround) {
  add(200, 600);
  clock_.advance(std::chrono::minutes(11));
  add(30, 600);
  EXPECT_THAT(look(), testing::IsEmpty());
  clock_.advance(std::chrono::minutes(11));
  add(30, 1'500);
  EXPECT_THAT(look(), testing::ElementsAre("official_slower anthropic against relay"));
  EXPECT_THAT(alarms_.list()[0].message, HasSubstr("anthropic takes 1,5"));
  EXPECT_THAT(look(), testing::SizeIs(1)) << "once";
  clock_.advance(std::chrono::minutes(11));
  add(30, 610);
  EXPECT_THAT(look(), testing::IsEmpty());
}

TEST_F(ShadowWatchTest, ClearsItWhenNothingIsComparedAnyMore) {
  add(200, 600);
  clock_.advance(std::chrono::minutes(11));
  add(30, 1'500);
  EXPECT_THAT(look(), testing::SizeIs(1));
  clock_.advance(std::chrono::minutes(11));
  EXPECT_THAT(look(), testing::IsEmpty());
}

}  // namespace
}  // namespace tidegate::app
