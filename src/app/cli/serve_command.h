// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace CLI {
class App;
}

namespace tidegate::app {

/// `tidegate serve`: the data plane until SIGTERM or SIGINT. Exit code 0 after an orderly stop, 1 if it could not start.
void add_serve_command(CLI::App& program, int& exit_code);

}  // namespace tidegate::app
