// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::forecast_bench {

/// One pool: a value a minute, 1 = the limit.
struct Trace {
  std::vector<double> usage;
  std::vector<double> mean;   ///< without chance and bursts
  std::vector<double> burst;  ///< the sudden bursts in it
};

inline constexpr std::array<int, 3> kScoredHorizons{5, 15, 30};
inline constexpr double kLimit = 1.0;
/// An alarm is raised at one of these probabilities of exhaustion within 30 minutes.
inline constexpr std::array<double, 6> kAlarmAt{0.05, 0.1, 0.2, 0.3, 0.5, 0.7};

/// What was said at the end of one minute.
struct Said {
  struct Band {
    double expected = 0, low = 0, median = 0, high = 0;  ///< low, high: quantiles .1, .9
  };
  std::array<Band, kScoredHorizons.size()> at{};
  double exhausted_within_30 = 0;  ///< probability
};

/// How good alarms at one probability were. An event: the mean of ten minutes reaches the limit after 30 minutes below
/// it. An alarm is on after two minutes at the probability and off after 30 below. Shares.
struct AlarmScore {
  double precision = 0;  ///< of the alarms: an event began while it was on
  double notice_10 = 0;  ///< of the events: the alarm had been on for at least 10 minutes
  double notice_29 = 0;
  double notice_10_no_burst = 0;  ///< of the events without a sudden burst in their ten minutes
  double per_day = 0;             ///< alarms of a pool
};

struct Score {
  std::array<double, kScoredHorizons.size()> mean_error{};
  std::array<double, kScoredHorizons.size()> coverage{};  ///< of the 80 % interval
  double pinball_10 = 0, pinball_50 = 0, pinball_90 = 0;  ///< 30 minutes ahead
  double brier = 0;  ///< of the probability, over the minutes that are below the limit
  double calibration_error =
      0;  ///< mean difference between what was said and what came, over twenty classes of probability
  std::size_t events = 0, events_without_burst = 0;
  std::array<AlarmScore, kAlarmAt.size()> alarms{};
};

/// Over all minutes from the eighth day on; `said[pool][minute]`.
[[nodiscard]] Score score(const std::vector<Trace>& traces, const std::vector<std::vector<Said>>& said);

/// One line of JSON.
[[nodiscard]] std::string to_json(const Score& score, std::string_view method, double update_ms_of_1000);

}  // namespace tidegate::forecast_bench
