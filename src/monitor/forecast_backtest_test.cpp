// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast_backtest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace tidegate::monitor {
namespace {

constexpr MinuteNumber kMonday = 4 * kMinutesPerDay;

std::vector<double> made(std::int64_t minutes, double noise, double (*mean)(std::int64_t)) {
  std::mt19937 random(5);
  std::normal_distribution<double> chance(0, noise);
  std::vector<double> demand;
  for (std::int64_t minute = 0; minute < minutes; ++minute)
    demand.push_back(std::max(mean(minute) + chance(random), 0.0));
  return demand;
}

const BacktestScore& score_of(const Backtest& result, ForecastMethod method) {
  return *std::find_if(result.scores.begin(), result.scores.end(),
                       [&](const BacktestScore& one) { return one.method == method; });
}

TEST(Backtest, NeedsSomeHours) {
  EXPECT_FALSE(backtest(std::vector<double>(239, 1.0), kMonday));
  EXPECT_TRUE(backtest(std::vector<double>(240, 1.0), kMonday));
}

TEST(Backtest, JudgesEveryMethodOnTheSameMinutes) {
  const auto result = backtest(made(8 * 60, 1, [](std::int64_t) { return 20.0; }), kMonday);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->judged, 8 * 60 - 120 - 30);
  EXPECT_NEAR(result->mean, 20, 0.3);
  EXPECT_EQ(result->scores.size(), kForecastMethods.size());
  for (const BacktestScore& score : result->scores) {
    EXPECT_GT(score.mean_error[2], 0.1) << "chance cannot be foretold";
    EXPECT_GT(score.coverage, 0.5);
  }
}

TEST(Backtest, OfEqualsTheDefaultIsBest) {
  const auto result = backtest(std::vector<double>(500, 0.02516), kMonday);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->best().method, ForecastMethod::Usual);
}

TEST(Backtest, ARushThatComesEveryDayIsForTheUsualCourse) {
  const auto demand = made(6 * kMinutesPerDay, 0.5, [](std::int64_t minute) {
    const auto since_eight = static_cast<double>(minute % kMinutesPerDay - 8 * 60);
    return 5 + 10 * std::clamp(std::min(since_eight, 240 - since_eight) / 40, 0.0, 1.0);
  });
  const auto result = backtest(demand, kMonday);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->best().method, ForecastMethod::Usual);
  EXPECT_LT(result->best().mean_error[2], score_of(*result, ForecastMethod::Linear60).mean_error[2]);
}

TEST(Backtest, ALineIsForALine) {
  const auto result =
      backtest(made(10 * 60, 0.01, [](std::int64_t minute) { return 5 + 0.5 * static_cast<double>(minute); }), kMonday);
  ASSERT_TRUE(result);
  EXPECT_LT(score_of(*result, ForecastMethod::Linear30).mean_error[2], 0.5);
  EXPECT_GT(score_of(*result, ForecastMethod::Last).mean_error[2], 10);
}

}  // namespace
}  // namespace tidegate::monitor
