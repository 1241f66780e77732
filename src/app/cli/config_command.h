// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace CLI {
class App;
}

namespace tidegate::app {

/// `tidegate config`: `check [FILE]` (or `--config FILE`, as for `serve`) tells everything that is wrong or doubtful, `show [FILE]` prints what would be in
/// force, and `schema` the JSON Schema for editors. Exit code 0, or 1 if the configuration could not be used.
void add_config_command(CLI::App& program, int& exit_code);

}  // namespace tidegate::app
