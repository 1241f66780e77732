// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "base/paced_clock.h"
#include "sim/command_line.h"
#include "sim/score/command_line.h"
#include "sim/server/server.h"
#include "sim/traffic/command_line.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>

namespace {

/// SIGTERM and SIGINT are blocked in every thread and taken here.
sigset_t blocked_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "traffic") return tidegate::sim::run_traffic(argc - 1, argv + 1);
  if (argc > 1 && (std::string_view(argv[1]) == "score" || std::string_view(argv[1]) == "--score")) {
    return tidegate::sim::run_score_command(argc - 1, argv + 1);
  }
  const auto command = tidegate::sim::read_command_line(argc, argv);
  if (!command.options) return command.exit_code;
  const sigset_t signals = blocked_signals();
  try {
    const tidegate::SystemClock machine;
    const tidegate::PacedClock clock(machine, command.options->pace,
                                     command.options->pace_since.value_or(machine.now().wall));
    const tidegate::sim::Server server(*command.options, clock);
    fmt::print("tidegate-sim listening on {}\n", server.url());
    std::fflush(stdout);
    int received = 0;
    sigwait(&signals, &received);
  } catch (const std::exception& error) {
    fmt::print(stderr, "tidegate-sim: {}\n", error.what());
    return 1;
  }
  return 0;
}
