// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/forecast/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace tidegate::forecast_bench {

namespace {

constexpr std::size_t kMinutesPerDay = 1440;
constexpr std::size_t kFirstScored = 7 * kMinutesPerDay;
constexpr std::size_t kBelowBefore = 30;
constexpr std::size_t kAlarmOnAfter = 2;
constexpr std::size_t kAlarmOffAfter = 30;
constexpr std::size_t kClasses = 20;

/// Of the ten minutes that end at each minute.
std::vector<double> ten_minute_means(const std::vector<double>& values) {
  std::vector<double> means(values.size());
  for (std::size_t t = 0; t < values.size(); ++t) {
    const std::size_t first = t >= 9 ? t - 9 : 0;
    double sum = 0;
    for (std::size_t i = first; i <= t; ++i) sum += values[i];
    means[t] = sum / static_cast<double>(t - first + 1);
  }
  return means;
}

double pinball(double outcome, double quantile, double share) {
  const double above = outcome - quantile;
  return above > 0 ? share * above : (share - 1) * above;
}

struct Event {
  std::size_t minute;
  bool has_burst;
};

std::vector<Event> events_of(const std::vector<double>& ten_minutes, const std::vector<double>& burst) {
  std::vector<Event> events;
  std::size_t below = 0;
  for (std::size_t t = 9; t < ten_minutes.size(); ++t) {
    if (ten_minutes[t] < kLimit) {
      ++below;
      continue;
    }
    if (below >= kBelowBefore && t >= kFirstScored) {
      const bool has_burst =
          std::any_of(burst.begin() + static_cast<std::ptrdiff_t>(t - 9),
                      burst.begin() + static_cast<std::ptrdiff_t>(t + 1), [](double value) { return value > 0; });
      events.push_back({t, has_burst});
    }
    below = 0;
  }
  return events;
}

struct Alarm {
  std::size_t from, until;
};

std::vector<Alarm> alarms_of(const std::vector<Said>& said, double at) {
  std::vector<Alarm> alarms;
  bool is_on = false;
  std::size_t high = 0;
  std::size_t low = 0;
  for (std::size_t t = 0; t < said.size(); ++t) {
    const bool is_high = said[t].exhausted_within_30 >= at;
    high = is_high ? high + 1 : 0;
    low = is_high ? 0 : low + 1;
    if (!is_on && high >= kAlarmOnAfter) {
      is_on = true;
      alarms.push_back({t, said.size()});
    } else if (is_on && low >= kAlarmOffAfter) {
      is_on = false;
      alarms.back().until = t;
    }
  }
  std::erase_if(alarms, [](const Alarm& alarm) { return alarm.until < kFirstScored; });
  return alarms;
}

/// Sums over pools, before they become shares.
struct AlarmSums {
  double alarms = 0, right = 0, events = 0, with_10 = 0, with_29 = 0, no_burst = 0, no_burst_with_10 = 0;

  void add(const std::vector<Alarm>& of_pool, const std::vector<Event>& events_of_pool) {
    for (const Alarm& alarm : of_pool) {
      ++alarms;
      right += std::any_of(events_of_pool.begin(), events_of_pool.end(), [&](const Event& event) {
        return alarm.from <= event.minute && event.minute < alarm.until;
      });
    }
    for (const Event& event : events_of_pool) {
      ++events;
      no_burst += !event.has_burst;
      for (const Alarm& alarm : of_pool) {
        if (alarm.from > event.minute || event.minute >= alarm.until) continue;
        const std::size_t notice = event.minute - alarm.from;
        with_10 += notice >= 10;
        with_29 += notice >= 29;
        no_burst_with_10 += notice >= 10 && !event.has_burst;
      }
    }
  }
  [[nodiscard]] AlarmScore score(double days) const {
    const auto share = [](double part, double of) { return of > 0 ? part / of : 0; };
    return {share(right, alarms), share(with_10, events), share(with_29, events), share(no_burst_with_10, no_burst),
            alarms / days};
  }
};

/// How probabilities and what came differ.
struct Calibration {
  struct Class {
    double said = 0, came = 0;
  };
  std::array<Class, kClasses> classes{};
  double squares = 0;
  double minutes = 0;

  void add(double probability, bool came) {
    Class& one = classes[std::min(static_cast<std::size_t>(probability * kClasses), kClasses - 1)];
    one.said += probability;
    one.came += came;
    squares += (probability - came) * (probability - came);
    ++minutes;
  }
  [[nodiscard]] double error() const {
    double sum = 0;
    for (const Class& one : classes) sum += std::abs(one.said - one.came);
    return sum / minutes;
  }
};

void score_bands(Score& sums, const std::vector<double>& ten_minutes, const std::vector<Said>& said) {
  for (std::size_t h = 0; h < kScoredHorizons.size(); ++h) {
    const auto horizon = static_cast<std::size_t>(kScoredHorizons[h]);
    for (std::size_t t = kFirstScored; t + horizon < ten_minutes.size(); ++t) {
      const Said::Band& band = said[t].at[h];
      const double outcome = ten_minutes[t + horizon];
      sums.mean_error[h] += std::abs(outcome - band.expected);
      sums.coverage[h] += outcome >= band.low && outcome <= band.high;
      if (h + 1 < kScoredHorizons.size()) continue;
      sums.pinball_10 += pinball(outcome, band.low, 0.1);
      sums.pinball_50 += pinball(outcome, band.median, 0.5);
      sums.pinball_90 += pinball(outcome, band.high, 0.9);
    }
  }
}

void judge_probabilities(Calibration& calibration, const std::vector<double>& ten_minutes,
                         const std::vector<Said>& said) {
  for (std::size_t t = kFirstScored; t + 30 < ten_minutes.size(); ++t) {
    if (ten_minutes[t] >= kLimit) continue;  // exhausted already: nothing to foretell
    const auto begin = ten_minutes.begin() + static_cast<std::ptrdiff_t>(t + 1);
    calibration.add(said[t].exhausted_within_30, *std::max_element(begin, begin + 30) >= kLimit);
  }
}

}  // namespace

Score score(const std::vector<Trace>& traces, const std::vector<std::vector<Said>>& said) {
  Score result;
  std::array<AlarmSums, kAlarmAt.size()> alarm_sums;
  Calibration calibration;
  const auto pools = static_cast<double>(traces.size());
  const std::size_t minutes = traces.front().usage.size();
  for (std::size_t pool = 0; pool < traces.size(); ++pool) {
    const std::vector<double> ten_minutes = ten_minute_means(traces[pool].usage);
    score_bands(result, ten_minutes, said[pool]);
    judge_probabilities(calibration, ten_minutes, said[pool]);
    const std::vector<Event> events = events_of(ten_minutes, traces[pool].burst);
    for (std::size_t i = 0; i < kAlarmAt.size(); ++i) alarm_sums[i].add(alarms_of(said[pool], kAlarmAt[i]), events);
  }
  for (std::size_t h = 0; h < kScoredHorizons.size(); ++h) {
    const double count =
        pools * static_cast<double>(minutes - kFirstScored - static_cast<std::size_t>(kScoredHorizons[h]));
    result.mean_error[h] /= count;
    result.coverage[h] /= count;
    if (h + 1 < kScoredHorizons.size()) continue;
    for (double* sum : {&result.pinball_10, &result.pinball_50, &result.pinball_90}) *sum /= count;
  }
  const double days = pools * static_cast<double>(minutes - kFirstScored) / kMinutesPerDay;
  for (std::size_t i = 0; i < kAlarmAt.size(); ++i) result.alarms[i] = alarm_sums[i].score(days);
  result.events = static_cast<std::size_t>(alarm_sums[0].events);
  result.events_without_burst = static_cast<std::size_t>(alarm_sums[0].no_burst);
  result.brier = calibration.squares / calibration.minutes;
  result.calibration_error = calibration.error();
  return result;
}

std::string to_json(const Score& score, std::string_view method, double update_ms_of_1000) {
  std::string out =
      fmt::format(R"({{"method":"{}","update_ms_of_1000_series":{:.3f},"events":{},"events_without_burst":{})", method,
                  update_ms_of_1000, score.events, score.events_without_burst);
  for (std::size_t h = 0; h < kScoredHorizons.size(); ++h) {
    out += fmt::format(R"(,"mean_error_{0}":{1:.5f},"coverage_{0}":{2:.4f})", kScoredHorizons[h], score.mean_error[h],
                       score.coverage[h]);
  }
  out += fmt::format(
      R"(,"pinball_10":{:.5f},"pinball_50":{:.5f},"pinball_90":{:.5f},"brier":{:.5f},"calibration_error":{:.5f})",
      score.pinball_10, score.pinball_50, score.pinball_90, score.brier, score.calibration_error);
  for (std::size_t i = 0; i < kAlarmAt.size(); ++i) {
    const AlarmScore& alarm = score.alarms[i];
    out += fmt::format(
        R"(,"alarm_at_{}":{{"precision":{:.4f},"notice_10":{:.4f},"notice_29":{:.4f},"notice_10_no_burst":{:.4f},"per_pool_and_day":{:.3f}}})",
        kAlarmAt[i], alarm.precision, alarm.notice_10, alarm.notice_29, alarm.notice_10_no_burst, alarm.per_day);
  }
  return out + "}";
}

}  // namespace tidegate::forecast_bench
