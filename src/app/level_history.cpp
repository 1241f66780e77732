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
      if (level.limit && (course.limits.empty() || course.limits.back().limit != *level.limit)) course.limits.push_back({now, *level.limit});
      if (course.limits.size() > kMostLimits) course.limits.pop_front();
      course.fine.push_back({.at = now, .left = *level.remaining_now});
    }
  }
  for (auto& [name, course] : courses_) course.grow_older(now);
  std::erase_if(courses_, [](const auto& course) { return course.second.coarse.empty() && course.second.fine.empty(); });
}

void LevelHistory::Course::grow_older(WallTime now) {
  const auto place = [](WallTime at) { return at.time_since_epoch() / kCoarse; };
  for (; !fine.empty() && fine.front().at <= now - kFine; fine.pop_front()) {
    const admin::LevelSeries::Point& point = fine.front();
    if (coarse.empty() || place(coarse.back().at) != place(point.at)) {
      coarse.push_back(point);
    } else if (point.left < coarse.back().left) {
      coarse.back() = point;
    }
  }
  while (!coarse.empty() && coarse.front().at <= now - kKept) coarse.pop_front();
  // The limit that held at the first point stays, however old it is.
  const WallTime first = !coarse.empty() ? coarse.front().at : !fine.empty() ? fine.front().at : now;
  while (limits.size() > 1 && limits[1].since <= first) limits.pop_front();
}

std::vector<admin::LevelSeries> LevelHistory::series() const {
  const std::lock_guard lock(mutex_);
  std::vector<admin::LevelSeries> out;
  for (const auto& [name, course] : courses_) {
    out.push_back({.pool = std::get<0>(name),
                   .model_group = std::get<1>(name),
                   .dimension = std::get<2>(name),
                   .limits = {course.limits.begin(), course.limits.end()},
                   .points = {course.coarse.begin(), course.coarse.end()}});
    std::vector<admin::LevelSeries::Point>& points = out.back().points;
    points.insert(points.end(), course.fine.begin(), course.fine.end());
  }
  return out;
}

}  // namespace tidegate::app
