// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/forecast_settings.h"

#include "config/setting_parts.h"

#include <chrono>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::config {

namespace {

using monitor::ForecastMethod;
using monitor::ForecastSeason;
using monitor::ForecastSettings;
using std::chrono::hours;
using std::chrono::minutes;

Type<ForecastMethod> method() {
  std::vector<std::pair<std::string, ForecastMethod>> words;
  for (const ForecastMethod one : monitor::kForecastMethods) words.emplace_back(monitor::to_string(one), one);
  return word<ForecastMethod>(std::move(words));
}

/// Written in hours, because people know their zone by them; quarters exist.
Type<std::int64_t> utc_offset() {
  return converted<std::int64_t, double>(
      figure(-12, 14),
      [](Reading&, const Node&, double offset) { return std::optional<std::int64_t>(std::llround(offset * 60)); },
      [](const std::int64_t& offset) { return static_cast<double>(offset) / 60; });
}

}  // namespace

Type<ForecastSettings> forecast_settings() {
  return record<ForecastSettings>(
      {field<ForecastSettings>(
           "method", TIDEGATE_AT(series.method), method(),
           "how what is expected is found; `tidegate forecast --backtest` says which would have served best"),
       field<ForecastSettings>("horizon", TIDEGATE_AT(horizon), duration(minutes(5), minutes(120)),
                               "alerts, metrics and answers look so far ahead unless asked; whole minutes"),
       field<ForecastSettings>(
           "season", TIDEGATE_AT(series.season),
           word<ForecastSeason>(
               {{"workweek", ForecastSeason::Workweek}, {"day", ForecastSeason::Day}, {"none", ForecastSeason::None}}),
           "which days are expected to be alike: working days and weekends each among themselves, all, none"),
       field<ForecastSettings>("utc_offset", TIDEGATE_AT(series.utc_offset), utc_offset(),
                               "hours that your clock is ahead of UTC; decides when a weekend begins"),
       field<ForecastSettings>("history", TIDEGATE_AT(history), duration(hours(1), hours(24 * 60)),
                               "how much of the ledger is learned from after the start"),
       field<ForecastSettings>("max_series", TIDEGATE_AT(most_series), count<std::size_t>(10, 5'000),
                               "pools, models, tenants and limited keys that are forecast; 0.3 MB each")});
}

}  // namespace tidegate::config
