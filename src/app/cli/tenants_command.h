// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace CLI {
class App;
}

namespace tidegate::app {

/// `tidegate tenants list|set`: what tenants may take, written straight into the directory's database; a running instance
/// takes it over within a second.
void add_tenants_command(CLI::App& program, int& exit_code);

}  // namespace tidegate::app
