// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/forecast_figures.h"

#include "metrics/names.h"

#include <chrono>
#include <utility>
#include <vector>

namespace tidegate::app {

void add_forecast_figures(metrics::SampleSink& sink, const ForecastBoard& board) {
  using metrics::Metric;
  const auto exhaustions = board.exhaustions().value_or(std::vector<monitor::ExhaustionForecast>());
  for (const monitor::ExhaustionForecast& one : exhaustions) {
    sink.add(metrics::definition(Metric::ForecastProbability),
             {to_string(one.scope), one.name, to_string(one.measure), one.limit}, one.probability);
    if (one.first_crossing) {
      sink.add(metrics::definition(Metric::ForecastSecondsToExhaustion),
               {to_string(one.scope), one.name, to_string(one.measure), one.limit},
               static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(*one.first_crossing).count()));
    }
  }
  for (const ForecastBoard::Expected& one : board.expected()) {
    for (const auto& [percentile, value] : {std::pair("10", one.at_horizon.p10), std::pair("50", one.at_horizon.p50),
                                            std::pair("90", one.at_horizon.p90)}) {
      sink.add(metrics::definition(Metric::ForecastDemand),
               {to_string(one.of.scope), one.of.name, to_string(one.measure), percentile}, value);
    }
  }
}

}  // namespace tidegate::app
