// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "quota/allowance.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace tidegate::app {

/// What a command line says of the limits of a key or tenant; empty: nothing.
struct AllowanceArguments {
  std::vector<std::string> budgets;
  std::string requests_per_minute, tokens_per_minute, priority, weight, reserve, max_wait;
};

/// `--budget`, `--requests-per-minute` …, on a command that makes or changes a key or tenant.
void add_allowance_options(CLI::App& command, AllowanceArguments& arguments);

/// Changes what the arguments name; `none` takes a limit away (`--budget none` all budgets, before others are added).
/// Failure: InvalidInput, naming the option and what it must be.
[[nodiscard]] Result<quota::Allowance> changed(quota::Allowance allowance, const AllowanceArguments& arguments);

/// `60 requests/min, 20000 tokens/min, batch, weight 3 …`; empty if nothing is set. Without the budgets.
[[nodiscard]] std::string limits_text(const quota::Allowance& allowance);

}  // namespace tidegate::app
