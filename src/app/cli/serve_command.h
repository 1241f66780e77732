// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace tidegate::app {

struct CommandLine;

/// What a command does beside serving, on the main thread.
struct Beside {
  /// With the address that clients are served at; a failure ends the server.
  std::function<Result<void>(const std::string& url)> begin;
  /// After `begin` and after each signal, SIGCHLD included: a failure ends the server.
  std::function<Result<void>()> look_after;
  /// Before the server begins to stop.
  std::function<void()> end;
};

/// Serves until SIGTERM or SIGINT. Gives the exit code; what is wrong is printed.
[[nodiscard]] int serve(const CommandLine& arguments, const Beside& beside = {});

/// `tidegate serve`: the data plane until SIGTERM or SIGINT. Exit code 0 after an orderly stop, 1 if it could not
/// start.
void add_serve_command(CLI::App& program, int& exit_code);

}  // namespace tidegate::app
