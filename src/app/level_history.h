// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/instance.h"
#include "base/time.h"
#include "quota/book/limit_board.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace tidegate::app {

/// What was left of each limit, for the curves of the dashboard: of the last hour a point every ten seconds, of the day before it the
/// lowest of every five minutes, since a low that was short is what people look for. In memory only: after a restart the curves begin
/// anew. Any thread.
class LevelHistory {
 public:
  static constexpr Seconds kEvery{10};
  static constexpr std::chrono::hours kFine{1};
  static constexpr std::chrono::minutes kCoarse{5};
  static constexpr std::chrono::hours kKept{25};   ///< the page shows a day
  static constexpr std::size_t kMostSeries = 200;  ///< those that were there first
  static constexpr std::size_t kMostLimits = 100;  ///< of a series, the newest: a limit that changes all the time tells nothing more

  /// Adds a point to each limit whose level is known. To be called every `kEvery`.
  void add(std::span<const quota::PoolLevel> pools, WallTime now);
  /// Ordered by pool, model group and dimension. What has had no point for `kKept` is gone.
  [[nodiscard]] std::vector<admin::LevelSeries> series() const;

 private:
  using Name = std::tuple<std::string, std::string, llm::LimitDimension>;
  struct Course {
    std::deque<admin::LevelSeries::Limit> limits;  ///< each since when
    std::deque<admin::LevelSeries::Point> coarse, fine;

    void grow_older(WallTime now);
  };

  mutable std::mutex mutex_;  ///< guards courses_
  std::map<Name, Course> courses_;
};

}  // namespace tidegate::app
