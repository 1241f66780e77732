// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/forecast_board.h"

#include "app/past_demand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::app {
namespace {

using monitor::DemandMeasure;
using monitor::DemandMinute;
using monitor::ForecastScope;
using monitor::MinuteNumber;
using testing::ElementsAre;
using testing::HasSubstr;

/// A ledger of rows.
class Past final : public store::DemandHistory {
 public:
  Result<void> for_each_minute(WallTime since, WallTime until,
                               const std::function<bool(const store::DemandRow&)>& take) override {
    ++asked;
    if (is_broken) return fail(FailureKind::Io, Origin::Gateway, "the disk is gone");
    for (const store::DemandRow& row : rows) {
      if (row.minute >= minute_of(since) && row.minute < minute_of(until) && !take(row)) break;
    }
    return {};
  }
  void add(MinuteNumber minute, std::int64_t requests) {
    rows.push_back({.minute = minute,
                    .provider = "anthropic",
                    .endpoint = "messages",
                    .model = "claude-opus-4-5",
                    .speed = {},
                    .tenant = "team",
                    .key = "k1",
                    .wanted_room = {},
                    .requests = requests,
                    .attempts = requests,
                    .unserved = 0,
                    .input_tokens = 1'000 * requests,
                    .output_tokens = 100 * requests,
                    .cached_tokens = 500 * requests,
                    .cost = Money::nanodollars(10'000'000 * requests)});
  }

  std::vector<store::DemandRow> rows;
  bool is_broken = false;
  int asked = 0;
};

DemandMinute some(double requests) {
  DemandMinute minute;
  monitor::Demand demand;
  demand[DemandMeasure::Requests] = requests;
  minute.add({.pool = "anthropic/opus-4", .model = "claude-opus-4-5", .tenant = "team", .key = "k1", .demand = demand});
  return minute;
}

/// So many wait.
DemandMinute queue(double requests, const char* tenant = "team") {
  DemandMinute minute;
  monitor::Demand demand;
  demand.unserved = requests;
  minute.add({.pool = "anthropic/opus-4", .model = "claude-opus-4-5", .tenant = tenant, .key = "k1", .demand = demand});
  return minute;
}

class ForecastBoardTest : public ::testing::Test {
 protected:
  static constexpr MinuteNumber kNow = 29'000'000;

  void look(MinuteNumber minute, double requests, const DemandMinute& waiting = {}) {
    board_.look(begin_of(minute) + Seconds(1), waiting, [&] { return some(requests); });
  }
  std::vector<double> recent_requests(ForecastScope scope) const {
    for (const monitor::SeriesForecast& series : board_.forecast(30)) {
      if (series.of.scope == scope && series.measure == DemandMeasure::Requests) return series.recent;
    }
    return {};
  }
  std::vector<monitor::ExhaustionForecast> exhaustions() const {
    return board_.exhaustions().value_or(std::vector<monitor::ExhaustionForecast>());
  }

  std::vector<monitor::DemandLimit> limits_{{.of = {ForecastScope::Pool, "anthropic/opus-4"},
                                             .limit = "requests per minute",
                                             .capacity = 50,
                                             .remaining = 0}};
  ForecastBoard board_{[this] { return limits_; }};
  Past past_;
};

TEST_F(ForecastBoardTest, GoesOnFromWhatTheLedgerRemembers) {
  for (MinuteNumber minute = kNow - 300; minute < kNow; ++minute) past_.add(minute, 40);
  look(kNow, 0);
  ASSERT_TRUE(board_.restore(past_));
  EXPECT_THAT(recent_requests(ForecastScope::Pool), testing::SizeIs(60));
  look(kNow + 1, 44);
  const std::vector<double> recent = recent_requests(ForecastScope::Pool);
  EXPECT_EQ(recent[58], 40);
  EXPECT_EQ(recent[59], 44);
  const std::vector<monitor::ExhaustionForecast> told = exhaustions();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].name, "anthropic/opus-4");
  EXPECT_LT(told[0].probability, 0.5);
  EXPECT_THAT(told[0].reason, HasSubstr("of the limit"));
  EXPECT_EQ(board_.expected().size(), 4U * 5U) << "all, pool, model, tenant, in five measures";
}

TEST_F(ForecastBoardTest, MinutesThatEndBeforeTheLedgerWasReadAreNotLost) {
  for (MinuteNumber minute = kNow - 200; minute < kNow; ++minute) past_.add(minute, 10);
  past_.is_broken = true;
  look(kNow, 0);
  look(kNow + 1, 11);
  EXPECT_FALSE(board_.restore(past_));
  look(kNow + 2, 12);
  EXPECT_TRUE(board_.forecast(30).empty());
  EXPECT_FALSE(board_.exhaustions()) << "which is not the same as that nothing runs out";
  past_.is_broken = false;
  ASSERT_TRUE(board_.restore(past_));
  const std::vector<double> recent = recent_requests(ForecastScope::Model);
  EXPECT_THAT(std::vector(recent.end() - 3, recent.end()), ElementsAre(10, 11, 12));
  const int asked = past_.asked;
  ASSERT_TRUE(board_.restore(past_));
  EXPECT_EQ(past_.asked, asked) << "once is enough";
}

TEST_F(ForecastBoardTest, WithoutAPastItSaysThatItKnowsTooLittle) {
  look(kNow, 0);
  ASSERT_TRUE(board_.restore(past_));
  look(kNow + 1, 5);
  for (const monitor::SeriesForecast& series : board_.forecast(30)) EXPECT_FALSE(series.has_enough_history);
  ASSERT_EQ(exhaustions().size(), 1U);
  EXPECT_EQ(exhaustions()[0].probability, 0);
  EXPECT_TRUE(board_.expected().empty());
}

TEST_F(ForecastBoardTest, WhoWaitsIsDemandAsWell) {
  for (MinuteNumber minute = kNow - 200; minute < kNow; ++minute) past_.add(minute, 10);
  look(kNow, 0);
  ASSERT_TRUE(board_.restore(past_));
  look(kNow + 1, 10, queue(7));
  look(kNow + 2, 10, queue(9));
  look(kNow + 3, 19);
  for (const ForecastScope scope :
       {ForecastScope::All, ForecastScope::Pool, ForecastScope::Model, ForecastScope::Tenant}) {
    const std::vector<double> recent = recent_requests(scope);
    EXPECT_THAT(std::vector(recent.end() - 3, recent.end()), ElementsAre(17, 12, 10)) << to_string(scope);
  }
}

TEST_F(ForecastBoardTest, OfKeysOnlyThoseAreForecastThatHaveLimits) {
  for (MinuteNumber minute = kNow - 200; minute < kNow; ++minute) past_.add(minute, 10);
  look(kNow, 0);
  ASSERT_TRUE(board_.restore(past_));
  look(kNow + 1, 10);
  EXPECT_TRUE(recent_requests(ForecastScope::Key).empty());
  limits_.push_back(
      {.of = {ForecastScope::Key, "k1"}, .limit = "requests per minute", .capacity = 20, .remaining = 20});
  look(kNow + 2, 12);
  EXPECT_EQ(recent_requests(ForecastScope::Key), std::vector<double>{12}) << "from now on";
  EXPECT_EQ(exhaustions().size(), 2U);
  board_.adopt({.series = {}, .most_series = 100});  // which reads the past again
  EXPECT_FALSE(board_.exhaustions());
  ASSERT_TRUE(board_.restore(past_));
  EXPECT_THAT(recent_requests(ForecastScope::Key), testing::SizeIs(60));
}

TEST_F(ForecastBoardTest, OtherSettingsAreLearnedFromThePastAndAnotherHorizonNeedsNone) {
  for (MinuteNumber minute = kNow - 300; minute < kNow; ++minute) past_.add(minute, minute - kNow + 310);
  look(kNow, 0);
  ASSERT_TRUE(board_.restore(past_));
  EXPECT_EQ(board_.horizon(), 30);
  look(kNow + 1, 310);
  EXPECT_EQ(board_.expected().front().at_horizon.minutes, 30);
  board_.adopt({.series = {}, .horizon = std::chrono::minutes(60)});
  EXPECT_EQ(board_.horizon(), 60);
  look(kNow + 2, 311);
  EXPECT_EQ(board_.expected().front().at_horizon.minutes, 60);
  EXPECT_EQ(past_.asked, 1);
  for (MinuteNumber minute = kNow; minute < kNow + 2; ++minute) past_.add(minute, minute - kNow + 310);
  const monitor::ForecastSettings linear{.series = {.method = monitor::ForecastMethod::Linear60},
                                         .horizon = std::chrono::minutes(60)};
  board_.adopt(linear);
  EXPECT_TRUE(board_.forecast(60).empty());
  board_.adopt(linear);  // the same once more changes nothing
  ASSERT_TRUE(board_.restore(past_));
  EXPECT_EQ(past_.asked, 2);
  const std::vector<double> recent = recent_requests(ForecastScope::All);
  EXPECT_EQ(recent.back(), 311);
  for (const monitor::SeriesForecast& one : board_.forecast(60)) {
    if (one.of.scope == ForecastScope::All && one.measure == DemandMeasure::Requests) {
      EXPECT_NEAR(one.points.back().p50, 366, 8) << "on the line";
    }
  }
}

TEST_F(ForecastBoardTest, WhatOverflowedWasWantedWhereItCouldNotGoAndTakesWhatTheSpareHas) {
  for (MinuteNumber minute = kNow - 200; minute < kNow; ++minute) {
    past_.add(minute, 10);
    store::DemandRow elsewhere = past_.rows.back();
    elsewhere.provider = "relay";
    elsewhere.wanted_room = "anthropic/opus-4";
    elsewhere.requests = 3;  // of five, two had been tried at the first provider
    elsewhere.attempts = 5;
    past_.rows.push_back(elsewhere);
  }
  look(kNow, 0);
  ASSERT_TRUE(board_.restore(past_));
  std::map<std::string, std::pair<double, double>> pools;
  for (const monitor::SeriesForecast& one : board_.forecast(30)) {
    if (one.of.scope == ForecastScope::Pool && one.measure == DemandMeasure::Requests)
      pools[one.of.name].first = one.now;
    if (one.of.scope == ForecastScope::Pool && one.measure == DemandMeasure::Tokens)
      pools[one.of.name].second = one.now;
  }
  EXPECT_EQ(pools.at("anthropic/opus-4"), std::pair(13.0, 22'000.0)) << "cache reads do not count";
  EXPECT_EQ(pools.at("relay/opus-4"), std::pair(5.0, 11'000.0));
  EXPECT_EQ(recent_requests(ForecastScope::All).back(), 13);
}

TEST_F(ForecastBoardTest, MinutesWithoutALookAreMinutesWithoutDemand) {
  past_.add(kNow - 1, 1);
  look(kNow, 0);
  ASSERT_TRUE(board_.restore(past_));
  look(kNow, 99);  // the minute is not over
  look(kNow + 3, 6);
  const std::vector<double> recent = recent_requests(ForecastScope::All);
  EXPECT_THAT(recent, ElementsAre(1, 6, 0, 0));
}

TEST_F(ForecastBoardTest, AClockThatIsSetByHoursMeansReadingAgain) {
  past_.add(kNow - 1, 3);
  look(kNow, 0);
  ASSERT_TRUE(board_.restore(past_));
  look(kNow - 2, 1);
  EXPECT_FALSE(board_.forecast(30).empty()) << "seconds and minutes back: it waits until time has caught up";
  look(kNow - 600, 1);
  EXPECT_TRUE(board_.forecast(30).empty());
  ASSERT_TRUE(board_.restore(past_));
  look(kNow - 599, 4);
  EXPECT_EQ(recent_requests(ForecastScope::All), std::vector<double>{4});
  look(kNow + 6'000, 1);
  EXPECT_TRUE(board_.forecast(30).empty());
}

TEST(PastDemand, FillsTheMinutesBetween) {
  Past past;
  past.add(100, 2);
  past.add(103, 1);
  std::vector<std::pair<MinuteNumber, double>> minutes;
  ASSERT_TRUE(for_each_past_minute(past, 50, 105, [&](MinuteNumber minute, const DemandMinute& demand) {
    const auto all = demand.by_name().find({});
    minutes.emplace_back(minute, all == demand.by_name().end() ? 0 : all->second[DemandMeasure::Requests]);
    if (minute == 100) {
      EXPECT_TRUE(demand.by_name().contains({ForecastScope::Pool, "anthropic/opus-4"}));
      EXPECT_DOUBLE_EQ(all->second[DemandMeasure::Cost], 0.02);
    }
  }));
  EXPECT_THAT(minutes, ElementsAre(std::pair(100, 2), std::pair(101, 0), std::pair(102, 0), std::pair(103, 1),
                                   std::pair(104, 0)));
}

}  // namespace
}  // namespace tidegate::app
