// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/demo_command.h"

#include "app/child_process.h"
#include "app/cli/serve_command.h"
#include "app/configuration.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
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
  double rate = 3;
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

int demo(DemoArguments arguments) {
  const char* search_path = std::getenv("PATH");
  const auto program = find_program("tidegate-sim", search_path == nullptr ? std::string_view() : search_path);
  if (!program) return complain(program.error().detail);
  std::vector<std::string> simulator_arguments{"--listen", "127.0.0.1:0"};
  if (arguments.preset.empty()) {
    // Limits that the default traffic comes close to at high water, so that there is something to see.
    for (const char* argument :
         {"--requests", "150", "--input-tokens", "50000", "--output-tokens-limit", "25000", "--tokens", "75000"}) {
      simulator_arguments.emplace_back(argument);
    }
  } else {
    simulator_arguments.insert(simulator_arguments.end(), {"--preset", arguments.preset});
  }
  auto provider = ChildProcess::start(*program, simulator_arguments);
  if (!provider) return complain(provider.error().detail);
  const auto said = provider->read_line(kStart);
  constexpr std::string_view kListening = "tidegate-sim listening on ";
  if (!said || !said->starts_with(kListening)) {
    return complain(fmt::format("the simulator did not start: {}", said ? *said : said.error().detail));
  }
  const std::string simulator = said->substr(kListening.size());
  arguments.command_line.built_in = true;
  arguments.command_line.anthropic_url = simulator;
  arguments.command_line.openai_url = simulator;
  arguments.command_line.provider_key = "sk-simulated";
  arguments.command_line.prices = {simulated_price("gpt-5.1", "1.25", "0.125", "10"),
                                   simulated_price("gpt-4.1-mini", "0.40", "0.10", "1.60")};
  fmt::print("simulated provider on {}\n", simulator);

  std::optional<ChildProcess> team;
  const auto begin = [&](const std::string& url) -> Result<void> {
    if (arguments.no_traffic) return {};
    auto started = ChildProcess::start(*program, {"traffic", url, "--rate", fmt::format("{}", arguments.rate)});
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
  return serve(arguments.command_line, {.begin = begin, .look_after = look_after, .end = [&team] { team.reset(); }});
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
  command->add_option("--rate", arguments->rate, "Requests a second in the mean")->capture_default_str();
  command->add_flag("--no-traffic", arguments->no_traffic, "Without the team: only what you send");
  command->callback([arguments, &exit_code] { exit_code = demo(*arguments); });
}

}  // namespace tidegate::app
