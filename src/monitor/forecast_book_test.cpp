// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace tidegate::monitor {
namespace {

using testing::HasSubstr;

constexpr MinuteNumber kMonday = 4 * kMinutesPerDay;

Demand demand(double requests, double unserved = 0) {
  Demand demand;
  demand[DemandMeasure::Requests] = requests;
  demand[DemandMeasure::InputTokens] = 1'000 * requests;
  demand[DemandMeasure::OutputTokens] = 200 * requests;
  demand[DemandMeasure::Cost] = 0.01 * requests;
  demand[DemandMeasure::Tokens] = 3'200 * requests;
  demand.unserved = unserved;
  return demand;
}

DemandMinute minute_of(double requests, double unserved = 0) {
  DemandMinute minute;
  minute.add(
      {.pool = "anthropic/opus-4", .model = "claude-opus-4-5", .tenant = "team", .demand = demand(requests, unserved)});
  return minute;
}

const SeriesForecast* find(const std::vector<SeriesForecast>& all, ForecastScope scope, DemandMeasure measure) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const SeriesForecast& one) {
    return one.of.scope == scope && one.measure == measure;
  });
  return found == all.end() ? nullptr : &*found;
}

TEST(DemandMinute, CountsForAllForThePoolTheModelAndTheTenant) {
  DemandMinute minute = minute_of(3);
  minute.add({.model = "claude-haiku-4-5", .demand = demand(2)});
  EXPECT_EQ(minute.by_name().at({})[DemandMeasure::Requests], 5);
  EXPECT_EQ(minute.by_name().at({ForecastScope::Pool, "anthropic/opus-4"})[DemandMeasure::InputTokens], 3'000);
  EXPECT_EQ(minute.by_name().at({ForecastScope::Model, "claude-haiku-4-5"})[DemandMeasure::Requests], 2);
  EXPECT_EQ(minute.by_name().size(), 5U) << "all, one pool, two models, one tenant";
}

TEST(DemandMinute, WhatWentToASpareIsWantedAtBothAndCountsOnceForAll) {
  DemandSample sample{.pool = "anthropic/opus-4",
                      .model = "claude-opus-4-5",
                      .tenant = "team",
                      .key = "k1",
                      .demand = demand(3),
                      .cached_tokens = 2'000};
  DemandMinute minute;
  minute.add(sample);
  sample.pool = "relay/opus-4";
  minute.add_spare(sample);
  EXPECT_EQ(minute.by_name().at({})[DemandMeasure::Requests], 3);
  EXPECT_EQ(minute.by_name().at({ForecastScope::Tenant, "team"})[DemandMeasure::Tokens], 9'600);
  EXPECT_EQ(minute.by_name().at({ForecastScope::Key, "k1"})[DemandMeasure::Tokens], 9'600);
  for (const char* pool : {"anthropic/opus-4", "relay/opus-4"}) {
    EXPECT_EQ(minute.by_name().at({ForecastScope::Pool, pool})[DemandMeasure::Requests], 3);
    EXPECT_EQ(minute.by_name().at({ForecastScope::Pool, pool})[DemandMeasure::Tokens], 7'600)
        << "limits do not count what the cache had";
  }
  minute.keep_keys({"k2"});
  EXPECT_FALSE(minute.by_name().contains({ForecastScope::Key, "k1"}));
  EXPECT_TRUE(minute.by_name().contains({ForecastScope::Tenant, "team"}));
}

/// However queues grow and shrink, what was added over all minutes is what waits in the end: nobody is counted twice or
/// lost.
TEST(DemandMinute, ChangesOfTheQueueAddUpToTheQueue) {
  std::mt19937 random(5);
  DemandMinute before;
  std::map<DemandName, double> sums;
  for (int i = 0; i < 300; ++i) {
    DemandMinute now;
    for (int k = static_cast<int>(random() % 4); k > 0; --k) {
      now.add({.pool = "p" + std::to_string(random() % 3),
               .model = "m" + std::to_string(random() % 3),
               .tenant = "t",
               .demand = demand(0, static_cast<double>(1 + random() % 9))});
    }
    DemandMinute minute;
    minute.add_waiting(before, now);
    for (const auto& [name, change] : minute.by_name()) sums[name] += change.unserved;
    for (const auto& [name, waiting] : now.by_name()) ASSERT_DOUBLE_EQ(sums[name], waiting.unserved);
    for (const auto& [name, sum] : sums) {
      if (!now.by_name().contains(name)) {
        ASSERT_DOUBLE_EQ(sum, 0);
      }
    }
    before = now;
  }
}

TEST(DemandMinute, NamesThatClientsInventHaveABound) {
  DemandMinute minute;
  for (int i = 0; i < 10'000; ++i) minute.add({.model = std::to_string(i), .demand = demand(1)});
  EXPECT_EQ(minute.by_name().size(), DemandMinute::kMostNames);
  EXPECT_EQ(minute.by_name().at({})[DemandMeasure::Requests], 10'000);
}

TEST(ForecastBook, ForecastsEveryScopeInEveryMeasure) {
  ForecastBook book(kMonday);
  for (int i = 0; i < 200; ++i) book.observe(minute_of(12));
  const auto all = book.forecast(30, {});
  ASSERT_EQ(all.size(), 20U) << "all, pool, model, tenant, in five measures";
  for (const SeriesForecast& one : all) {
    EXPECT_TRUE(one.has_enough_history);
    EXPECT_EQ(one.recent.size(), 60U);
    ASSERT_EQ(one.points.size(), 6U);
    EXPECT_EQ(one.points.front().minutes, 5);
    EXPECT_EQ(one.points.back().minutes, 30);
    EXPECT_NEAR(one.points.back().p50, one.now, 0.05 * one.now);
    EXPECT_LE(one.points.back().p10, one.points.back().p50);
    EXPECT_LE(one.points.back().p50, one.points.back().p90);
  }
  EXPECT_DOUBLE_EQ(find(all, ForecastScope::Tenant, DemandMeasure::Cost)->now, 0.12);
}

TEST(ForecastBook, SaysSoWhileThereIsTooLittleHistory) {
  ForecastBook book(kMonday);
  for (int i = 0; i < 20; ++i) book.observe(minute_of(12));
  const DemandLimit limit{
      .of = {ForecastScope::Pool, "anthropic/opus-4"}, .limit = "requests per minute", .capacity = 50, .remaining = 30};
  const auto all = book.forecast(30, std::vector{limit});
  const SeriesForecast& pool = *find(all, ForecastScope::Pool, DemandMeasure::Requests);
  EXPECT_FALSE(pool.has_enough_history);
  EXPECT_TRUE(pool.points.empty());
  EXPECT_EQ(pool.recent.size(), 20U);
  ASSERT_EQ(pool.limits.size(), 1U);
  EXPECT_EQ(pool.limits[0].exhaustion.outlook, Exhaustion::Outlook::TooLittleHistory);
  const auto told = book.exhaustions(30, std::vector{limit});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].probability, 0);
  EXPECT_FALSE(told[0].first_crossing);
  EXPECT_THAT(told[0].reason, HasSubstr("too little history"));
}

TEST(ForecastBook, HoldsDemandAgainstItsLimitsAndBudgets) {
  ForecastBook book(kMonday);
  for (int i = 0; i < 300; ++i) book.observe(minute_of(i < 285 ? 20 : 20 + 3 * (i - 285)));
  const std::vector<DemandLimit> limits{
      {.of = {ForecastScope::Pool, "anthropic/opus-4"}, .limit = "requests per minute", .capacity = 50, .remaining = 0},
      {.of = {ForecastScope::Pool, "anthropic/opus-4"},
       .limit = "requests per minute",
       .capacity = 5'000,
       .remaining = 5'000},
      {.of = {ForecastScope::Tenant, "team"},
       .measure = DemandMeasure::Cost,
       .limit = "daily budget",
       .kind = LimitKind::Budget,
       .capacity = 100,
       .remaining = 2,
       .minutes_to_renewal = 600},
      {.of = {ForecastScope::Tenant, "nobody"}, .limit = "requests per minute", .capacity = 1}};
  const auto told = book.exhaustions(30, limits);
  ASSERT_EQ(told.size(), 3U) << "what nobody asks for has no forecast";
  EXPECT_GT(told[0].probability, 0.5);
  EXPECT_LT(told[1].probability, 0.01);
  EXPECT_GT(told[2].probability, 0.9) << "half a dollar a minute, two left";
  EXPECT_EQ(told[2].name, "team");
  EXPECT_EQ(told[2].limit, "daily budget");
  ASSERT_TRUE(told[2].first_crossing);
  EXPECT_LE(*told[2].first_crossing, std::chrono::minutes(10));
}

TEST(ForecastBook, WhatCouldNotBeServedCountsAsWhatItWouldHaveUsed) {
  ForecastBook book(kMonday);
  for (int i = 0; i < 60; ++i) book.observe(minute_of(10));
  for (int i = 0; i < 5; ++i) book.observe(minute_of(10, 10));
  const auto all = book.forecast(30, {});
  EXPECT_DOUBLE_EQ(find(all, ForecastScope::Pool, DemandMeasure::Requests)->now, 20);
  EXPECT_NEAR(find(all, ForecastScope::Pool, DemandMeasure::InputTokens)->now, 20'000, 1e-6);
  EXPECT_NEAR(find(all, ForecastScope::Pool, DemandMeasure::Cost)->now, 0.2, 1e-9);
}

TEST(ForecastBook, WhoIsServedAfterWaitingIsNotCountedTwice) {
  ForecastBook book(kMonday);
  for (int i = 0; i < 60; ++i) book.observe(minute_of(10));
  book.observe(minute_of(10, 30));   // thirty wait
  book.observe(minute_of(40, -30));  // and are served a minute later
  book.observe(minute_of(5, -30));   // more than were served: they left
  const auto all = book.forecast(30, {});
  const std::vector<double>& recent = find(all, ForecastScope::All, DemandMeasure::Requests)->recent;
  EXPECT_THAT(std::vector<double>(recent.end() - 3, recent.end()), testing::ElementsAre(40, 10, 0));
}

TEST(ForecastBook, ANewNameTakesThePlaceOfAnIdleOne) {
  ForecastBook book(kMonday, {}, 5);
  DemandMinute many;
  for (int i = 0; i < 10; ++i) many.add({.model = "m" + std::to_string(i), .demand = demand(1)});
  DemandMinute with_late = many;
  with_late.add({.model = "late", .demand = demand(1)});
  const std::vector late{
      DemandLimit{.of = {ForecastScope::Model, "late"}, .limit = "requests per minute", .capacity = 1}};
  const auto names = [&] { return book.forecast(5, {}).size() / kDemandMeasures.size(); };

  book.observe(many);
  book.observe(with_late);
  EXPECT_EQ(names(), 5U);
  EXPECT_TRUE(book.exhaustions(5, late).empty()) << "all places are in use";
  for (int i = 0; i < 121; ++i) book.observe(DemandMinute());
  book.observe(with_late);
  EXPECT_EQ(names(), 5U);
  EXPECT_EQ(book.exhaustions(5, late).size(), 1U);
}

}  // namespace
}  // namespace tidegate::monitor
