// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/serve_command.h"

#include "app/data_plane.h"
#include "app/environment_options.h"
#include "app/log_sink.h"
#include "base/number.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>

namespace tidegate::app {

namespace {

struct ServeArguments {
  std::string listen = "127.0.0.1:8080";
  std::string anthropic_url;
};

int complain(const Failure& failure) {
  fmt::print(stderr, "tidegate: {}\n", failure.detail);
  return 1;
}

Result<net::ListenOptions> parse_listen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : parse_integer<std::uint16_t>(std::string_view(text).substr(colon + 1));
  if (!port) {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                fmt::format("--listen: '{}' is not ADDRESS:PORT, as in 127.0.0.1:8080", text));
  }
  net::ListenOptions listen;
  listen.host = text.substr(0, colon);
  listen.port = *port;
  return listen;
}

std::optional<std::string> read_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

/// Signals that end the program, taken by `sigwait` on the main thread; blocked before any other thread starts, so that all inherit it.
sigset_t block_ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int serve(const ServeArguments& arguments) {
  auto options = options_from_environment(read_environment, arguments.anthropic_url);
  if (!options) return complain(options.error());
  auto listen = parse_listen(arguments.listen);
  if (!listen) return complain(listen.error());
  options->listen = *listen;

  const sigset_t signals = block_ending_signals();
  const SystemClock clock;
  LogWriter log(stderr, options->log.buffer_lines);
  std::deque<LogSink> sinks;
  auto plane = DataPlane::start(*options, clock, nullptr, [&](std::uint32_t number) -> gateway::OutcomeSink& {
    return sinks.emplace_back(log, clock, number);
  });
  if (!plane) return complain(plane.error());
  fmt::print("tidegate listening on http://{}:{}\n", options->listen.host, (*plane)->port());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  (*plane)->drain(options->gateway.drain_timeout);
  return 0;
}

}  // namespace

void add_serve_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App* command = program.add_subcommand("serve", "Serve clients: the Anthropic and OpenAI routes");
  command->add_option("--listen", arguments->listen, "ADDRESS:PORT; port 0 takes a free one")->capture_default_str();
  command->add_option("--anthropic-url", arguments->anthropic_url,
                      "Origin to use instead of https://api.anthropic.com, for a simulator or a relay");
  command->callback([arguments, &exit_code] { exit_code = serve(*arguments); });
}

}  // namespace tidegate::app
