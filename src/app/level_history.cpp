// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/level_history.h"

namespace tidegate::app {

void LevelHistory::add(std::span<const quota::PoolLevel> pools, WallTime now) {
  const std::lock_guard lock(mutex_);
  for (const quota::PoolLevel& pool : pools) {
    for (const quota::LimitLevel& level : pool.limits) {
      if (!level.remaining_now) continue;
      Name name(pool.pool, pool.model_group, level.dimension);
      const auto found = courses_.find(name);
      if (found == courses_.end() && courses_.size() >= kMostSeries) continue;
      Course& course = found == courses_.end() ? courses_[std::move(name)] : found->second;
      course.limit = level.limit;
      course.points.push_back({.at = now, .left = *level.remaining_now});
    }
  }
  const WallTime oldest = now - kEvery * static_cast<std::int64_t>(kMostPoints);
  for (auto& [name, course] : courses_) {
    while (!course.points.empty() && course.points.front().at <= oldest) course.points.pop_front();
  }
  std::erase_if(courses_, [](const auto& course) { return course.second.points.empty(); });
}

std::vector<admin::LevelSeries> LevelHistory::series() const {
  const std::lock_guard lock(mutex_);
  std::vector<admin::LevelSeries> out;
  for (const auto& [name, course] : courses_) {
    out.push_back({.pool = std::get<0>(name),
                   .model_group = std::get<1>(name),
                   .dimension = std::get<2>(name),
                   .limit = course.limit,
                   .points = {course.points.begin(), course.points.end()}});
  }
  return out;
}

}  // namespace tidegate::app
