// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
//     forecast_bench FOLDER    the tables that traces.py wrote there; prints a line of JSON for each method, the
//     clairvoyant last
#include "bench/forecast/score.h"
#include "monitor/forecast.h"

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace tidegate;
using namespace tidegate::forecast_bench;

// The traces begin on a Monday: 1970-01-05.
constexpr monitor::MinuteNumber kFirstMinute = 4 * monitor::kMinutesPerDay;

/// Columns, one for each pool; empty if the table cannot be read.
std::vector<std::vector<double>> read_table(const std::string& path) {
  std::vector<std::vector<double>> columns;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const char* at = line.c_str();
    for (std::size_t column = 0; *at != '\0'; ++column) {
      char* end = nullptr;
      const double value = std::strtod(at, &end);
      if (end == at) return {};
      if (column == columns.size()) columns.emplace_back();
      columns[column].push_back(value);
      at = *end == ',' ? end + 1 : end;
    }
  }
  return columns;
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

Said ask(const monitor::Forecaster& forecaster) {
  Said said;
  for (std::size_t h = 0; h < kScoredHorizons.size(); ++h) {
    const monitor::ForecastBand band = forecaster.band(monitor::ForecastTarget::Level, kScoredHorizons[h]);
    said.at[h] = {band.expected, band.low, band.median, band.high};
  }
  said.exhausted_within_30 = forecaster.probability_above(monitor::ForecastTarget::Peak, 30, kLimit);
  return said;
}

/// Knows what demand would be without chance and sudden bursts, and learns as the others do how far off that is: no
/// method that sees only the past can be expected to do better.
class Clairvoyant {
 public:
  explicit Clairvoyant(const std::vector<double>& mean) {
    monitor::RecentDemand recent;
    for (const double value : mean) {
      recent.add(value);
      ten_minutes_.push_back(recent.mean(10));
    }
    for (const int horizon : monitor::kForecastHorizons) levels_.emplace_back(horizon);
    states_.resize(mean.size());
  }

  Said observe(std::size_t minute, double demand) {
    recent_.add(demand);
    states_[minute] = recent_.state();
    const auto levels = recent_.outcomes(monitor::ForecastTarget::Level);
    Said said;
    for (std::size_t h = 0, scored = 0; h < monitor::kForecastHorizons.size(); ++h) {
      const int horizon = monitor::kForecastHorizons[h];
      const double expected = ahead(minute, horizon);
      levels_[h].advance(levels[h], then(minute, horizon), states_[minute], expected, -1);
      if (scored == kScoredHorizons.size() || kScoredHorizons[scored] != horizon) continue;
      const monitor::ForecastPoint point = levels_[h].point(states_[minute], expected);
      said.at[scored++] = {expected, levels_[h].quantile(point, 0.1), levels_[h].quantile(point, 0.5),
                           levels_[h].quantile(point, 0.9)};
    }
    double peak = 0;
    for (int k = 1; k <= 30; ++k) peak = std::max(peak, ahead(minute, k));
    peak_.advance(recent_.outcome(monitor::ForecastTarget::Peak, 30), then(minute, 30), states_[minute], peak, -1);
    said.exhausted_within_30 = peak_.probability_above(peak_.point(states_[minute], peak), kLimit);
    return said;
  }

 private:
  [[nodiscard]] double ahead(std::size_t minute, int horizon) const {
    return ten_minutes_[std::min(minute + static_cast<std::size_t>(horizon), ten_minutes_.size() - 1)];
  }
  [[nodiscard]] const monitor::ForecastState& then(std::size_t minute, int horizon) const {
    const auto ago = static_cast<std::size_t>(horizon);
    return states_[minute >= ago ? minute - ago : 0];
  }

  std::vector<double> ten_minutes_;
  monitor::RecentDemand recent_;
  std::vector<monitor::ForecastState> states_;
  std::vector<monitor::ForecastModel> levels_;
  monitor::ForecastModel peak_{30};
};

using Answers = std::vector<std::vector<Said>>;

Answers forecast(const std::vector<Trace>& traces, monitor::ForecastMethod method) {
  Answers said;
  for (const Trace& trace : traces) {
    monitor::Forecaster forecaster(kFirstMinute, {.method = method});
    std::vector<Said>& of_pool = said.emplace_back();
    for (const double demand : trace.usage) {
      forecaster.observe(demand);
      of_pool.push_back(ask(forecaster));
    }
  }
  return said;
}

Answers foresee(const std::vector<Trace>& traces) {
  Answers said;
  for (const Trace& trace : traces) {
    Clairvoyant clairvoyant(trace.mean);
    std::vector<Said>& of_pool = said.emplace_back();
    for (std::size_t t = 0; t < trace.usage.size(); ++t) of_pool.push_back(clairvoyant.observe(t, trace.usage[t]));
  }
  return said;
}

/// CPU milliseconds in which a thousand series take one minute in, in the middle of a day that follows two others.
double update_cost(const std::vector<Trace>& traces, monitor::ForecastMethod method) {
  constexpr std::size_t kSeries = 1000;
  constexpr std::size_t kLearned = 3 * 1440;
  constexpr std::size_t kMeasured = 20;
  std::vector<monitor::Forecaster> series;
  for (std::size_t i = 0; i < kSeries; ++i) {
    series.emplace_back(kFirstMinute, monitor::ForecastOptions{.method = method});
    // A short day for most: what an update costs does not depend on what was learned, once the horizons are full.
    const std::size_t learned = i < traces.size() ? kLearned : 150;
    for (std::size_t t = 0; t < learned; ++t) series.back().observe(traces[i % traces.size()].usage[t]);
  }
  const double begin = cpu_seconds();
  for (std::size_t t = 0; t < kMeasured; ++t) {
    for (std::size_t i = 0; i < kSeries; ++i) series[i].observe(traces[i % traces.size()].usage[kLearned + t]);
  }
  return (cpu_seconds() - begin) * 1000 / kMeasured;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("forecast_bench FOLDER\n", stderr);
    return 2;
  }
  const std::string folder = arguments[1];
  const auto usage = read_table(folder + "/usage.csv");
  const auto mean = read_table(folder + "/mean.csv");
  const auto burst = read_table(folder + "/burst.csv");
  if (usage.empty() || usage.size() != mean.size() || usage.size() != burst.size()) {
    std::fprintf(stderr, "forecast_bench: %s does not hold the tables that traces.py writes\n", arguments[1]);
    return 2;
  }
  std::vector<Trace> traces;
  for (std::size_t pool = 0; pool < usage.size(); ++pool) traces.push_back({usage[pool], mean[pool], burst[pool]});
  for (const monitor::ForecastMethod method : monitor::kForecastMethods) {
    const double cost = update_cost(traces, method);
    std::puts(to_json(score(traces, forecast(traces, method)), monitor::to_string(method), cost).c_str());
    std::fflush(stdout);
  }
  std::puts(to_json(score(traces, foresee(traces)), "clairvoyant", 0).c_str());
  return 0;
}
