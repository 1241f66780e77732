// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/demo_command.h"

#include "app/child_process.h"
#include "app/cli/demo_tide.h"
#include "app/cli/serve_command.h"
#include "app/configuration.h"
#include "app/demo_past.h"
#include "base/paced_clock.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::app {

namespace {

constexpr Seconds kStart(20);

struct DemoArguments {
  CommandLine command_line;
  bool no_traffic = false;
  std::string preset;
  std::string past;    ///< empty: as much as the tide chooses
  std::string period;  ///< likewise
  DemoTide tide;
};

int complain(const std::string& what) {
  fmt::print(stderr, "tidegate: {}\n", what);
  return 1;
}

/// What the simulator charges for OpenAI's models, whose prices are not shipped; dollars per million tokens.
pricing::PriceRow simulated_price(const char* model, const char* input, const char* cache_read, const char* output) {
  const auto price = [](const char* dollars) { return PricePerMillion{Money::parse(dollars).value()}; };
  pricing::PriceRow row;
  row.model = model;
  row.input = row.cache_write_5m = row.cache_write_1h = price(input);
  row.cache_read = price(cache_read);
  row.output = price(output);
  row.source = "tidegate-sim";
  return row;
}

/// The tide that was asked for.
Result<void> set_tide(DemoArguments& arguments, const Clock& machine) {
  DemoTide& tide = arguments.tide;
  tide.start = std::chrono::floor<Milliseconds>(machine.now().wall);
  tide.choose_past();
  if (!arguments.past.empty()) {
    const auto past = parse_duration(arguments.past);
    if (!past) return fail(FailureKind::InvalidInput, Origin::Operator, "--past: " + past.error().detail);
    tide.past = *past;
  }
  if (arguments.no_traffic) tide.past = Nanoseconds(0);  // nothing would go on from it
  if (arguments.period.empty()) return {};
  const auto period = parse_duration(arguments.period);
  if (!period) return fail(FailureKind::InvalidInput, Origin::Operator, "--tide: " + period.error().detail);
  if (*period < std::chrono::minutes(10)) return fail(FailureKind::InvalidInput, Origin::Operator, "--tide: at least 10m");
  tide.period = *period;
  return {};
}

/// Made up before anything runs: the ledger is read when the server starts.
Result<void> begin_with_past(const DemoArguments& arguments, const std::filesystem::path& program) {
  pricing::PriceOptions prices = config::load({}).options.prices;  // the shipped ones
  prices.rows.insert(prices.rows.end(), arguments.command_line.prices.begin(), arguments.command_line.prices.end());
  const auto count = make_up_past(arguments.tide, program, arguments.command_line.ledger, prices);
  if (!count) return fail(count);
  if (*count > 0) {
    fmt::print("made-up past of {}: {} requests with the key {}\n", to_text(std::chrono::floor<Seconds>(arguments.tide.past)), *count,
               kDemoPast);
  } else if (arguments.tide.past > Nanoseconds(0)) {
    fmt::print("no past is made up: {} has a ledger that is not the demo's\n", arguments.command_line.ledger);
  }
  return {};
}

int demo(DemoArguments arguments) {
  const char* search_path = std::getenv("PATH");
  const auto program = find_program("tidegate-sim", search_path == nullptr ? std::string_view() : search_path);
  if (!program) return complain(program.error().detail);
  const SystemClock machine;
  if (Result<void> set = set_tide(arguments, machine); !set) return complain(set.error().detail);
  CommandLine& command_line = arguments.command_line;
  command_line.prices = {simulated_price("gpt-5.1", "1.25", "0.125", "10"),
                         simulated_price("gpt-4.1-mini", "0.40", "0.10", "1.60")};
  if (Result<void> made = begin_with_past(arguments, *program); !made) return complain(made.error().detail);
  command_line.pace = arguments.tide.pace;
  if (command_line.pace != 1) command_line.pace_since = pace_since(command_line.pace, machine.now().wall, arguments.tide.start);
  auto provider = ChildProcess::start(*program, provider_arguments(arguments.tide, command_line.pace_since, arguments.preset));
  if (!provider) return complain(provider.error().detail);
  const auto said = provider->read_line(kStart);
  constexpr std::string_view kListening = "tidegate-sim listening on ";
  if (!said || !said->starts_with(kListening)) {
    return complain(fmt::format("the simulator did not start: {}", said ? *said : said.error().detail));
  }
  const std::string simulator = said->substr(kListening.size());
  command_line.built_in = demo_sources(simulator);
  command_line.anthropic_url = simulator;
  command_line.openai_url = simulator;
  command_line.provider_key = "sk-simulated";
  fmt::print("simulated provider on {}\n", simulator);

  std::optional<ChildProcess> team;
  const auto begin = [&](const std::string& url) -> Result<void> {
    if (arguments.no_traffic) return {};
    const WallTime now = command_line.pace == 1 ? machine.now().wall
                                                : PacedClock(machine, command_line.pace, command_line.pace_since).now().wall;
    auto started = ChildProcess::start(*program, team_arguments(arguments.tide, url, now));
    if (!started) return fail(started);
    team.emplace(std::move(*started));
    return {};
  };
  const auto look_after = [&]() -> Result<void> {
    const auto team_end = team ? team->how_it_ended() : std::nullopt;
    if (team_end) {
      fmt::print(stderr, "tidegate: the simulated team ended ({}); serving goes on without its traffic\n", *team_end);
      team.reset();
    }
    const auto provider_end = provider->how_it_ended();
    if (!provider_end) return {};
    return fail(FailureKind::Closed, Origin::Operator,
                fmt::format("the simulated provider ended ({}), and with it the demo", *provider_end));
  };
  return serve(command_line, {.begin = begin, .look_after = look_after, .end = [&team] { team.reset(); }});
}

}  // namespace

void add_demo_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<DemoArguments>();
  arguments->command_line.ledger = "./tidegate-demo";
  CLI::App* command = program.add_subcommand(
      "demo", "Everything alive without key and network: a simulated provider, and a team's traffic");
  command->add_option("--listen", arguments->command_line.listen, "ADDRESS:PORT for clients; port 0 takes a free one");
  command->add_option("--admin", arguments->command_line.admin, "ADDRESS:PORT of dashboard and admin API, likewise");
  command->add_option("--metrics", arguments->command_line.metrics, "ADDRESS:PORT of /metrics, likewise");
  command->add_option("--ledger", arguments->command_line.ledger, "Directory of journal, ledger and keys")
      ->capture_default_str();
  command->add_option("--preset", arguments->preset, "Limits of the simulated provider, see sim/README.md")
      ->capture_default_str();
  command->add_option("--rate", arguments->tide.rate, "Requests a second in the mean")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1000.0));
  command->add_option("--tide", arguments->period, "From high water to high water, 90m by default");
  command->add_option("--past", arguments->past, "How much of a past is made up, 72h by default; 0s: none");
  command->add_option("--pace", arguments->tide.pace,
                      "The demo's clock runs so many times faster: a tide in minutes, and days and hours are the demo's own")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 60.0));
  command->add_flag("--no-traffic", arguments->no_traffic, "Without the team: only what you send");
  command->callback([arguments, &exit_code] { exit_code = demo(*arguments); });
}

}  // namespace tidegate::app
