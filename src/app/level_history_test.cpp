// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/level_history.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::app {
namespace {

const WallTime kStart = parse_rfc3339("2026-11-26T12:00:00Z").value();

quota::PoolLevel pool(std::string group, std::optional<double> left) {
  quota::PoolLevel made;
  made.pool = "anthropic/org";
  made.model_group = std::move(group);
  made.limits.push_back({.dimension = llm::LimitDimension::Requests,
                         .limit = 50,
                         .remaining = 5,
                         .full_after = std::nullopt,
                         .remaining_now = left,
                         .seconds_to_exhaustion = std::nullopt,
                         .read_at = {}});
  return made;
}

TEST(LevelHistory, KeepsTheLastHourAsItWasAndOfTheTimeBeforeTheLowest) {
  LevelHistory history;
  // 30 points in five minutes; the third of them is the lowest.
  const auto left = [](int step) { return step % 30 == 2 ? 1.0 : 40.0 + step; };
  for (int step = 0; step < 400; ++step) {
    history.add(std::vector{pool("haiku", left(step))}, kStart + LevelHistory::kEvery * step);
  }
  const auto series = history.series();
  ASSERT_EQ(series.size(), 1U);
  EXPECT_EQ(series[0].model_group, "haiku");
  const auto& points = series[0].points;
  ASSERT_EQ(points.size(), 360U + 2U);
  EXPECT_EQ(points[0].left, 1);
  EXPECT_EQ(points[0].at, kStart + LevelHistory::kEvery * 2);
  EXPECT_EQ(points[1].at, kStart + LevelHistory::kEvery * 32);
  EXPECT_EQ(points[2].at, kStart + LevelHistory::kEvery * 40);
  EXPECT_EQ(points[2].left, 80);
  EXPECT_EQ(points.back().left, left(399));
}

TEST(LevelHistory, KeepsADay) {
  LevelHistory history;
  for (int minute = 0; minute < 30 * 60; ++minute) history.add(std::vector{pool("haiku", 7)}, kStart + std::chrono::minutes(minute));
  const auto points = history.series()[0].points;
  EXPECT_EQ(points.back().at, kStart + std::chrono::minutes(30 * 60 - 1));
  EXPECT_EQ(points.front().at, kStart + std::chrono::hours(5));
  EXPECT_EQ(points.size(), 60U + 24U * 12U);
}

TEST(LevelHistory, TellsWhichLimitHeldWhen) {
  LevelHistory history;
  const auto add = [&](int minute, std::int64_t limit) {
    std::vector pools{pool("haiku", 7)};
    pools[0].limits[0].limit = limit;
    history.add(pools, kStart + std::chrono::minutes(minute));
  };
  add(0, 50);
  add(1, 50);
  add(2, 100);
  add(3, 50);
  auto limits = history.series()[0].limits;
  ASSERT_EQ(limits.size(), 3U);
  EXPECT_EQ(limits[1].limit, 100);
  EXPECT_EQ(limits[1].since, kStart + std::chrono::minutes(2));
  EXPECT_EQ(limits[2].limit, 50);
  add(40 * 60, 50);
  limits = history.series()[0].limits;
  ASSERT_EQ(limits.size(), 1U) << "of what no point is left";
  EXPECT_EQ(limits[0].since, kStart + std::chrono::minutes(3));
  for (int minute = 1; minute < 300; ++minute) add(40 * 60 + minute, minute % 2);
  EXPECT_EQ(history.series()[0].limits.size(), LevelHistory::kMostLimits);
}

TEST(LevelHistory, LeavesOutWhatIsNotKnownAndForgetsWhatIsGone) {
  LevelHistory history;
  history.add(std::vector{pool("haiku", 7), pool("opus", std::nullopt)}, kStart);
  ASSERT_EQ(history.series().size(), 1U);
  history.add(std::vector{pool("opus", 3)}, kStart + LevelHistory::kKept);
  const auto series = history.series();
  ASSERT_EQ(series.size(), 1U);
  EXPECT_EQ(series[0].model_group, "opus");
}

TEST(LevelHistory, IsBounded) {
  LevelHistory history;
  std::vector<quota::PoolLevel> many;
  for (std::size_t number = 0; number < LevelHistory::kMostSeries + 20; ++number)
    many.push_back(pool("m" + std::to_string(number), 1));
  history.add(many, kStart);
  EXPECT_EQ(history.series().size(), LevelHistory::kMostSeries);
}

}  // namespace
}  // namespace tidegate::app
