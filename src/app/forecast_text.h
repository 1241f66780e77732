// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <boost/json/value.hpp>

#include <span>
#include <string>
#include <vector>

namespace tidegate::app {

/// What `/api/v1/forecast` says, as `tidegate forecast` prints it: a line for each series in which anything was asked
/// for during the last hour, then a sentence for each limit that may run out. `scopes` and `measures`: those alone;
/// empty: all. Throws what Boost.JSON throws for a value of another shape.
[[nodiscard]] std::string forecast_text(const boost::json::value& forecast, std::span<const std::string> scopes,
                                        std::span<const std::string> measures);

/// `width` blocks from ▁ to █ for the values, each the mean of as many as share it; ▁ is 0, █ the highest. Fewer
/// values, fewer blocks.
[[nodiscard]] std::string sparkline(std::span<const double> values, std::size_t width);

}  // namespace tidegate::app
