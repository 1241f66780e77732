// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/server/exchange.h"

namespace tidegate::sim {

/// `/v1/organizations/…`: usage_report/messages, cost_report and rate_limits, for admin keys only
/// (facts/anthropic-api.md 6.2). Of the organisation in the header `x-sim-organization`, else the default one.
[[nodiscard]] Reply serve_admin_api(Exchange& exchange);

}  // namespace tidegate::sim
