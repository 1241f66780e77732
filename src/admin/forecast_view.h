// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/message.h"
#include "base/time.h"
#include "monitor/forecast_book.h"

#include <boost/json/value.hpp>

#include <optional>
#include <span>

// What the admin API says of the forecast; see views.h for the units. Figures are per minute, as numbers with six
// digits: they are forecasts, also those in dollars.
namespace tidegate::admin {

struct ForecastRequest {
  int minutes = 30;
  std::optional<monitor::ForecastScope> scope = {};  ///< that alone
};
/// Reads `horizon=5…120` (or `minutes`, its older name; without either `usual_horizon`) and
/// `scope=all|pool|model|tenant|key`. Failure: InvalidInput that names the parameter.
[[nodiscard]] Result<ForecastRequest> read_forecast_request(const Parameters& parameters, int usual_horizon);

[[nodiscard]] boost::json::value view(std::span<const monitor::SeriesForecast> series, const ForecastRequest& request,
                                      WallTime now);

}  // namespace tidegate::admin
