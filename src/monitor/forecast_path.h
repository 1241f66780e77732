// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/forecast_options.h"
#include "monitor/forecast_recent.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tidegate::monitor {

/// What the target at `horizon` comes to if demand goes along `path`: `path(k)` is the demand around the end of the
/// k-th minute from now, also for k ≤ 0. Looked at every five minutes.
template <typename Path>
[[nodiscard]] double along(const Path& path, ForecastTarget target, int horizon) {
  constexpr int kStep = 5;  // every horizon is a multiple of it
  switch (target) {
    case ForecastTarget::Level: return path(horizon - kStep);  // the middle of the last ten minutes
    case ForecastTarget::Peak: {
      double peak = path(0);
      for (int k = kStep; k <= horizon; k += kStep) peak = std::max<double>(peak, path(k - kStep));
      return peak;
    }
    case ForecastTarget::Mean: {
      double sum = 0;
      for (int k = kStep; k <= horizon; k += kStep) sum += path(k - kStep / 2);
      return sum / (static_cast<double>(horizon) / kStep);
    }
  }
  return 0;
}

/// A straight line by least squares.
struct ForecastLine {
  double at_now = 0;
  double per_minute = 0;

  double operator()(int minute) const { return std::max(at_now + per_minute * minute, 0.0); }
};
/// Through the last `minutes` (at most 120), or as many as there are. One minute alone is a level line.
[[nodiscard]] ForecastLine line_through(const RecentDemand& recent, int minutes);

/// Holt-Winters, additive, with a season of a day and a trend that is damped; the season begins as the first day was.
class HoltWinters {
 public:
  HoltWinters();
  void add(double demand);
  /// The demand around the end of the k-th minute from now.
  double operator()(int minute) const;

 private:
  double level_ = 0;
  double trend_ = 0;
  std::int64_t minutes_ = 0;
  std::vector<float> season_;
};

}  // namespace tidegate::monitor
