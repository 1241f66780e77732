// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace CLI {
class App;
}

namespace tidegate::app {

/// `tidegate alerts test [NAME…]` tells the configured receivers of an alert that is none, and that it is over. Exit
/// code 0, or 1 if one of them could not be told.
void add_alerts_command(CLI::App& program, int& exit_code);

}  // namespace tidegate::app
