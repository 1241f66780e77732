// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/alerts_state.h"
#include "base/result.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace tidegate::admin {

/// As docs/openapi.yaml has it.
[[nodiscard]] boost::json::value view(const AlertsState& state);
/// Alerts that fire on a figure of their own, the worst first: those that pass on an alarm of the gateway are told by that alarm already.
[[nodiscard]] boost::json::array firing_on_figures(const AlertsState& state);

/// `{"by": "name"}`. Failure: InvalidInput.
[[nodiscard]] Result<std::string> read_acknowledgement(std::string_view body);
struct SilenceRequest {
  Nanoseconds length{0};
  std::string by;
};
/// `{"minutes": 60, "by": "name"}`, at most a week. Failure: InvalidInput.
[[nodiscard]] Result<SilenceRequest> read_silence(std::string_view body);

}  // namespace tidegate::admin
