// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/message.h"
#include "monitor/guard.h"

namespace tidegate::admin {

/// Reads `window=60s`, `max_requests=N`, `max_tokens=N`, `max_errors=2%`, `min_left=20%` (a share also as 0.2).
/// Failure: InvalidInput that names the parameter; also if no limit is given at all, because such a guard would guard
/// nothing.
[[nodiscard]] Result<monitor::GuardLimits> read_guard_request(const Parameters& parameters);

}  // namespace tidegate::admin
