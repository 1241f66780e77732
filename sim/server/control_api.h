// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/server/exchange.h"
#include "sim/server/fault_set.h"

namespace tidegate::sim {

/// `/sim/…`: what a test or a person asks of the simulator itself. No key. sim/README.md lists it.
[[nodiscard]] Reply serve_control_api(Exchange& exchange);

}  // namespace tidegate::sim
