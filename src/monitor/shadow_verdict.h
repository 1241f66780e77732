// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/shadow_report.h"

namespace tidegate::monitor {

/// What the figures of a report come to; its own `verdict` is not looked at. docs/shadow.md has the rules for readers.
[[nodiscard]] ShadowVerdict judge(const ShadowReport& report);

}  // namespace tidegate::monitor
