// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/instance.h"
#include "base/time.h"
#include "quota/book/limit_board.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace tidegate::app {

/// What was left of each limit within the last hour, a point every ten seconds, for the curves of the dashboard. In
/// memory only: after a restart the curves begin anew. Any thread.
class LevelHistory {
 public:
  static constexpr Seconds kEvery{10};
  static constexpr std::size_t kMostPoints = 360;
  static constexpr std::size_t kMostSeries = 200;  ///< those that were there first

  /// Adds a point to each limit whose level is known. To be called every `kEvery`.
  void add(std::span<const quota::PoolLevel> pools, WallTime now);
  /// Ordered by pool, model group and dimension. What has had no point for an hour is gone.
  [[nodiscard]] std::vector<admin::LevelSeries> series() const;

 private:
  using Name = std::tuple<std::string, std::string, llm::LimitDimension>;
  struct Course {
    std::optional<std::int64_t> limit;
    std::deque<admin::LevelSeries::Point> points;
  };

  mutable std::mutex mutex_;  ///< guards courses_
  std::map<Name, Course> courses_;
};

}  // namespace tidegate::app
