// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/options.h"
#include "config/type.h"

namespace tidegate::config {

/// The map `alerts:`, which sets several members of the options.
[[nodiscard]] Type<Options> alert_settings();

/// What its settings do not allow together.
void check_alerts(const Options& options, Reading& reading);

}  // namespace tidegate::config
