// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/actions_command.h"
#include "app/cli/alerts_command.h"
#include "app/cli/config_command.h"
#include "app/cli/cost_command.h"
#include "app/cli/demo_command.h"
#include "app/cli/forecast_command.h"
#include "app/cli/guard_command.h"
#include "app/cli/keys_command.h"
#include "app/cli/reconcile_command.h"
#include "app/cli/serve_command.h"
#include "app/cli/shadow_command.h"
#include "app/cli/status_command.h"
#include "app/cli/tenants_command.h"
#include "app/version.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <string>

namespace {

std::string version_text() {
  using tidegate::app::kCommit;
  return fmt::format("tidegate {}{}", tidegate::app::kVersion, kCommit.empty() ? "" : fmt::format(" ({})", kCommit));
}

}  // namespace

int main(int argc, char** argv) {
  // A client that leaves while we write to it is an answer of the socket, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App program("Tidegate stands between your programs and the Claude API.", "tidegate");
  program.require_subcommand(1);
  program.set_version_flag("--version", version_text());
  int exit_code = 0;
  tidegate::app::add_serve_command(program, exit_code);
  tidegate::app::add_demo_command(program, exit_code);
  tidegate::app::add_status_command(program, exit_code);
  tidegate::app::add_cost_command(program, exit_code);
  tidegate::app::add_forecast_command(program, exit_code);
  tidegate::app::add_guard_command(program, exit_code);
  tidegate::app::add_shadow_command(program, exit_code);
  tidegate::app::add_actions_command(program, exit_code);
  tidegate::app::add_reconcile_command(program, exit_code);
  tidegate::app::add_keys_command(program, exit_code);
  tidegate::app::add_tenants_command(program, exit_code);
  tidegate::app::add_alerts_command(program, exit_code);
  tidegate::app::add_config_command(program, exit_code);
  CLI11_PARSE(program, argc, argv);
  return exit_code;
}
