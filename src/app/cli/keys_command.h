// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace CLI {
class App;
}

namespace tidegate::app {

/// `tidegate keys create|list|set|revoke`: virtual keys, written straight into the directory's database; a running instance takes them
/// over within a second.
void add_keys_command(CLI::App& program, int& exit_code);

}  // namespace tidegate::app
