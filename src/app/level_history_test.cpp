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

TEST(LevelHistory, KeepsTheLastHourOldestFirst) {
  LevelHistory history;
  for (int step = 0; step < 400; ++step) {
    history.add(std::vector{pool("haiku", step)}, kStart + LevelHistory::kEvery * step);
  }
  const auto series = history.series();
  ASSERT_EQ(series.size(), 1U);
  EXPECT_EQ(series[0].model_group, "haiku");
  EXPECT_EQ(series[0].limit, 50);
  ASSERT_EQ(series[0].points.size(), LevelHistory::kMostPoints);
  EXPECT_EQ(series[0].points.front().left, 40);
  EXPECT_EQ(series[0].points.back().left, 399);
  EXPECT_EQ(series[0].points.back().at - series[0].points.front().at, LevelHistory::kEvery * 359);
}

TEST(LevelHistory, LeavesOutWhatIsNotKnownAndForgetsWhatIsGone) {
  LevelHistory history;
  history.add(std::vector{pool("haiku", 7), pool("opus", std::nullopt)}, kStart);
  ASSERT_EQ(history.series().size(), 1U);
  history.add(std::vector{pool("opus", 3)}, kStart + std::chrono::hours(1));
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
