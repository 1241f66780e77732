// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace CLI {
class App;
}

namespace tidegate::app {

/// `tidegate reconcile`: the ledger beside Anthropic's Admin API. Exit code 0, 2 if the worst drift is above
/// --fail-over, 1 if the two could not be compared.
void add_reconcile_command(CLI::App& program, int& exit_code);

}  // namespace tidegate::app
