// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace CLI {
class App;
}

namespace tidegate::app {

/// Adds `tidegate shadow report`; what it comes to goes to `exit_code`.
void add_shadow_command(CLI::App& program, int& exit_code);

}  // namespace tidegate::app
