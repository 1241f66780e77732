// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/serve_command.h"

#include "app/data_plane.h"
#include "app/environment_options.h"
#include "app/worker_sink.h"
#include "base/number.h"
#include "store/journal_keeper.h"
#include "store/sqlite/sqlite_ledger.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace tidegate::app {

namespace {

struct ServeArguments {
  std::string listen = "127.0.0.1:8080";
  std::string anthropic_url;
  std::string ledger = "./tidegate-data";
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

std::uint32_t worker_count(const config::Options& options) {
  const std::uint32_t wanted = options.gateway.worker_threads;
  return std::min(wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency()), store::kMaxWorkers);
}

/// Until price rows are configured every model is an unknown one: priced at the rates that Anthropic's own meter uses for those, and
/// marked so in the ledger.
Result<std::shared_ptr<const pricing::PriceBook>> make_price_book(const config::Options& options) {
  pricing::PriceOptions prices = options.prices;
  if (prices.unknown_model.output.of_a_million == Money()) {
    const auto per_million = [](const char* dollars) { return PricePerMillion{*Money::parse(dollars)}; };
    prices.unknown_model.input = per_million("5");
    prices.unknown_model.cache_read = per_million("0.50");
    prices.unknown_model.cache_write_5m = per_million("6.25");
    prices.unknown_model.cache_write_1h = per_million("10");
    prices.unknown_model.output = per_million("25");
  }
  auto book = pricing::PriceBook::make(std::move(prices));
  if (!book) return fail(book);
  return std::make_shared<const pricing::PriceBook>(std::move(*book));
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
  auto prices = make_price_book(*options);
  if (!prices) return complain(prices.error());
  const std::uint32_t workers = worker_count(*options);
  options->gateway.worker_threads = workers;
  options->store.directory = arguments.ledger;
  store::SqliteLedger ledger(std::filesystem::path(options->store.directory) / "ledger.db");
  auto keeper = store::JournalKeeper::open(options->store, workers, ledger, clock);
  if (!keeper) return complain(keeper.error());
  (*keeper)->start();

  std::deque<WorkerSink> sinks;
  auto plane = DataPlane::start(*options, clock, nullptr, [&](std::uint32_t number) -> gateway::OutcomeSink& {
    return sinks.emplace_back(log, (*keeper)->writer(number), *prices, clock, number, (*keeper)->last_id(),
                              options->store.when_full);
  });
  if (!plane) return complain(plane.error());
  fmt::print("tidegate listening on http://{}:{}\n", options->listen.host, (*plane)->port());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  (*plane)->drain(options->gateway.drain_timeout);
  (*keeper)->stop();
  return 0;
}

}  // namespace

void add_serve_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App* command = program.add_subcommand("serve", "Serve clients: the Anthropic and OpenAI routes");
  command->add_option("--listen", arguments->listen, "ADDRESS:PORT; port 0 takes a free one")->capture_default_str();
  command->add_option("--anthropic-url", arguments->anthropic_url,
                      "Origin to use instead of https://api.anthropic.com, for a simulator or a relay");
  command->add_option("--ledger", arguments->ledger, "Directory of journal and ledger")->capture_default_str();
  command->callback([arguments, &exit_code] { exit_code = serve(*arguments); });
}

}  // namespace tidegate::app
