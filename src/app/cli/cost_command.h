// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace CLI {
class App;
}

namespace tidegate::app {

/// `tidegate cost`: usage and cost from ledger and journal files, also while a gateway runs on them.
/// Exit code 0, 2 above `--fail-over`, 1 if the question cannot be answered.
void add_cost_command(CLI::App& program, int& exit_code);

}  // namespace tidegate::app
