// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/serve_command.h"

#include "app/configuration.h"
#include "app/control_plane.h"
#include "app/demo_past.h"
#include "app/server.h"
#include "base/paced_clock.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::app {

namespace {

int complain(const std::string& what) {
  fmt::print(stderr, "tidegate: {}\n", what);
  return 1;
}

/// The signals that the main thread waits for; blocked before any other thread starts, so that all inherit it.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

/// Reloads one after the other, by whichever thread wants it: the signals' or the admin API's.
class Reloading {
 public:
  Reloading(Server& server, const Configuration& configuration) : server_(server), configuration_(configuration) {}

  /// Tells what happened by itself. Failure: nothing changed, and why.
  Result<std::vector<std::string>> operator()() {
    const std::lock_guard lock(mutex_);
    auto next = configuration_.read();
    if (next) return server_.reload(*next);
    server_.note_rejected_reload(next.error().detail);
    return fail(next);
  }

 private:
  std::mutex mutex_;
  Server& server_;
  const Configuration& configuration_;
};

}  // namespace

int serve(const CommandLine& arguments, const Beside& beside) {
  const sigset_t signals = block_signals();
  const SystemClock machine;
  std::optional<PacedClock> paced;
  if (arguments.pace != 1) paced.emplace(machine, arguments.pace, arguments.pace_since);
  const Clock& clock = paced ? static_cast<const Clock&>(*paced) : machine;
  const Configuration configuration(arguments);
  auto options = configuration.read();
  if (!options) return complain(options.error().detail);
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(nullptr, std::fclose);
  if (!options->log.file.empty()) {
    file.reset(std::fopen(options->log.file.c_str(), "ae"));
    if (file == nullptr)
      return complain(fmt::format("log.file: cannot write {}: {}", options->log.file, std::strerror(errno)));
  }
  const std::string directory = options->store.directory;
  auto server = Server::start(std::move(*options), clock, file == nullptr ? stderr : file.get());
  if (!server) return complain(server.error().detail);
  if (!arguments.built_in) disown_demo_ledger(directory);
  Reloading reloading(**server, configuration);
  auto control = ControlPlane::start(**server, [&reloading] { return reloading(); });
  if (!control) return complain(control.error().detail);
  fmt::print("tidegate listening on {}\n", (*server)->url());
  fmt::print("metrics on {}/metrics\n", (*control)->metrics_url());
  fmt::print("dashboard on {}/\n", (*control)->dashboard_url());
  std::fflush(stdout);
  if (beside.begin) {
    if (const auto begun = beside.begin((*server)->url()); !begun) return complain(begun.error().detail);
  }

  Result<void> kept;
  for (int signal = 0; signal != SIGTERM && signal != SIGINT;) {
    if (beside.look_after) kept = beside.look_after();
    if (!kept) break;
    sigwait(&signals, &signal);
    if (signal == SIGHUP) (void)reloading();
  }
  if (beside.end) beside.end();
  (*server)->stop();
  return kept ? 0 : complain(kept.error().detail);
}

void add_serve_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<CommandLine>();
  CLI::App* command = program.add_subcommand("serve", "Serve clients: the Anthropic and OpenAI routes");
  add_configuration_arguments(*command, *arguments);
  command->add_option("--test-time-scale", arguments->time_scale, "For tests: the provider runs so many times faster than time")
      ->check(CLI::Range(1.0, 1000.0))
      ->group("");  // not in --help: no use to anybody else
  command->callback([arguments, &exit_code] { exit_code = serve(*arguments); });
}

}  // namespace tidegate::app
