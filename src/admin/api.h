// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/http_server.h"
#include "admin/instance.h"

#include <vector>

namespace tidegate::admin {

/// The page, the JSON API under `/api/v1/` (docs/openapi.yaml) and `/healthz`. `instance` outlives the routes.
[[nodiscard]] std::vector<Route> admin_routes(Instance& instance);

/// `/metrics` (Prometheus text, or OpenMetrics where `Accept` names it) and `/healthz`. `instance` outlives the routes.
[[nodiscard]] std::vector<Route> metrics_routes(Instance& instance);

}  // namespace tidegate::admin
