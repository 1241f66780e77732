// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/serve_command.h"

#include "app/configuration.h"
#include "app/server.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

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
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void reload(Server& server, const Configuration& configuration) {
  auto next = configuration.read();
  if (!next) {
    server.note_rejected_reload(next.error().detail);
    return;
  }
  (void)server.reload(*next);  // tells what happened by itself
}

int serve(const CommandLine& arguments) {
  const sigset_t signals = block_signals();
  const SystemClock clock;
  const Configuration configuration(arguments);
  auto options = configuration.read();
  if (!options) return complain(options.error().detail);
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(nullptr, std::fclose);
  if (!options->log.file.empty()) {
    file.reset(std::fopen(options->log.file.c_str(), "ae"));
    if (file == nullptr) return complain(fmt::format("log.file: cannot write {}: {}", options->log.file, std::strerror(errno)));
  }
  auto server = Server::start(std::move(*options), clock, file == nullptr ? stderr : file.get());
  if (!server) return complain(server.error().detail);
  const config::Options running = (*server)->options();
  fmt::print("tidegate listening on {}://{}:{}\n", running.listen.certificate_file.empty() ? "http" : "https", running.listen.host,
             (*server)->port());
  std::fflush(stdout);

  for (int signal = 0; signal != SIGTERM && signal != SIGINT;) {
    sigwait(&signals, &signal);
    if (signal == SIGHUP) reload(**server, configuration);
  }
  (*server)->stop();
  return 0;
}

}  // namespace

void add_serve_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<CommandLine>();
  CLI::App* command = program.add_subcommand("serve", "Serve clients: the Anthropic and OpenAI routes");
  add_configuration_arguments(*command, *arguments);
  command->callback([arguments, &exit_code] { exit_code = serve(*arguments); });
}

}  // namespace tidegate::app
