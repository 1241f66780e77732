// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/forecast_board.h"
#include "metrics/snapshot.h"

namespace tidegate::app {

/// Tells a scrape what is expected, as of the last minute's end.
void add_forecast_figures(metrics::SampleSink& sink, const ForecastBoard& board);

}  // namespace tidegate::app
