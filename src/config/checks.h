// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/options.h"
#include "config/reading.h"

namespace tidegate::config {

/// What no single setting can tell: names that must exist, settings that contradict each other, doors left open.
void check_together(const Options& options, Reading& reading);

}  // namespace tidegate::config
