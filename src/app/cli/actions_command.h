// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace CLI {
class App;
}

namespace tidegate::app {

/// `tidegate actions`: what is done when alerts fire, and doing it by hand.
void add_actions_command(CLI::App& program, int& exit_code);

}  // namespace tidegate::app
