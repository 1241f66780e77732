// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/type.h"
#include "monitor/forecast_options.h"

namespace tidegate::config {

/// The section `forecast`.
[[nodiscard]] Type<monitor::ForecastSettings> forecast_settings();

}  // namespace tidegate::config
