// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace CLI {
class App;
}

namespace tidegate::app {

/// `tidegate forecast`: what will be asked for and when it runs out, of a running instance or from its files;
/// `--backtest`: which method would have foretold the past best. Exit code 0, 1 if the question cannot be answered.
void add_forecast_command(CLI::App& program, int& exit_code);

}  // namespace tidegate::app
