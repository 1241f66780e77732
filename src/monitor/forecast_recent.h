// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tidegate::monitor {

/// What of the minutes ahead is forecast.
enum class ForecastTarget : std::uint8_t {
  Level,  ///< mean of the ten minutes that end at the horizon
  Peak,   ///< highest mean of ten minutes that end up to the horizon: what empties a bucket
  Mean,   ///< over all minutes up to the horizon: what uses a budget up
};
inline constexpr std::array kForecastTargets{ForecastTarget::Level, ForecastTarget::Peak, ForecastTarget::Mean};

/// Minutes ahead that are learned; what lies between is interpolated.
inline constexpr std::array<int, 8> kForecastHorizons{5, 10, 15, 20, 25, 30, 60, 120};
constexpr int kLongestHorizon = kForecastHorizons.back();

/// Where a series stands at the end of a minute. In the series' unit per minute.
struct ForecastState {
  double level = 0;       ///< mean of the last 15 minutes
  double fast = 0;        ///< mean of the last 5
  double before = 0;      ///< mean of the 15 minutes before those of `level`
  double usual = -1;      ///< usual demand at this minute; negative: not known yet
  double volatility = 0;  ///< how much means of 5 minutes differed from the ones before, of late
  double size = 1e-12;    ///< what is large for this series: its highest level in some days; above 0
};

/// The last two hours of a series, and what they come to. Time moves by minutes that are added.
class RecentDemand {
 public:
  void add(double demand);

  /// Of the `minutes` that ended `ago` minutes before the newest did, as far as there are any; 0 without any. `minutes`
  /// + `ago` ≤ 128.
  [[nodiscard]] double mean(int minutes, int ago = 0) const;
  /// `usual` is left open.
  [[nodiscard]] ForecastState state() const;
  /// What the target came to that was forecast `horizon` minutes ago. `horizon` ≤ 120.
  [[nodiscard]] double outcome(ForecastTarget target, int horizon) const;
  /// Of all kForecastHorizons at once.
  using Outcomes = std::array<double, kForecastHorizons.size()>;
  [[nodiscard]] Outcomes outcomes(ForecastTarget target) const;
  /// Minutes that were added.
  [[nodiscard]] std::int64_t minutes() const { return added_; }
  /// A minute's demand; `ago` < 128.
  [[nodiscard]] double at(int ago) const { return demand_[index(ago)]; }

 private:
  static constexpr std::int64_t kKept = 128;
  [[nodiscard]] std::size_t index(int ago) const {
    return static_cast<std::size_t>((added_ - 1 - ago + kKept) % kKept);
  }

  std::array<double, kKept> demand_{};
  std::array<double, kKept> ten_minutes_{};  ///< the mean of those that end there
  std::int64_t added_ = 0;
  double volatility_ = 0;
  double size_ = 1e-12;
};

}  // namespace tidegate::monitor
