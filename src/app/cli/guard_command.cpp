// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/guard_command.h"

#include "app/admin_client.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace tidegate::app {

namespace {

/// As the admin API takes them: option, parameter, what it means.
struct Limit {
  const char* option;
  std::string_view parameter;
  const char* about;
  std::string text = {};
};

/// A job asks before each step, and a gateway that hangs must not hold it up: its answer takes milliseconds.
constexpr Seconds kPatience(1);

struct GuardArguments {
  InstanceArguments instance;
  std::string window = "60s";
  std::array<Limit, 4> limits{
      Limit{"--max-requests", "max_requests", "Most requests within the window"},
      Limit{"--max-tokens", "max_tokens", "Most tokens of all kinds within the window"},
      Limit{"--max-errors", "max_errors", "Largest share of failed requests, such as 2%"},
      Limit{"--min-left", "min_left", "Smallest share of any provider limit that must remain, such as 20%"}};
  bool json = false;
};

int guard(const GuardArguments& arguments) {
  std::string path = "/api/v1/guard?window=" + query_value(arguments.window);
  for (const Limit& limit : arguments.limits) {
    if (!limit.text.empty()) path += fmt::format("&{}={}", limit.parameter, query_value(limit.text));
  }
  const auto verdict = ask_instance(arguments.instance, path);
  if (!verdict) {
    fmt::print(stderr, "tidegate: {}\n", verdict.error().detail);
    return 1;
  }
  const boost::json::object* answer = verdict->if_object();
  const boost::json::value* good = answer == nullptr ? nullptr : answer->if_contains("ok");
  const boost::json::value* breaches = answer == nullptr ? nullptr : answer->if_contains("breaches");
  if (good == nullptr || !good->is_bool() || breaches == nullptr || !breaches->is_array()) {
    fmt::print(stderr,
               "tidegate: {} does not answer as this version of tidegate does; is it the dashboard's address?\n",
               arguments.instance.url);
    return 1;
  }
  const bool ok = good->get_bool();
  if (arguments.json) {
    fmt::print("{}\n", boost::json::serialize(*verdict));
  } else if (ok) {
    fmt::print("within all limits\n");
  } else {
    for (const boost::json::value& breach : breaches->get_array()) {
      const boost::json::value* message = breach.is_object() ? breach.get_object().if_contains("message") : nullptr;
      if (message != nullptr && message->is_string()) fmt::print("{}\n", std::string_view(message->get_string()));
    }
  }
  return ok ? 0 : 2;
}

}  // namespace

void add_guard_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<GuardArguments>();
  arguments->instance.patience = kPatience;
  CLI::App* command = program.add_subcommand(
      "guard", "Circuit breaker for jobs: exit 2 if use is beyond a limit, 0 if not, 1 if unknown");
  add_instance_arguments(*command, arguments->instance);
  command->add_option("--window", arguments->window, "How far back: 60s, 5m, at most an hour")->capture_default_str();
  for (Limit& limit : arguments->limits) command->add_option(limit.option, limit.text, limit.about);
  command->add_flag("--json", arguments->json, "The verdict with the figures it rests on");
  command->callback([arguments, &exit_code] { exit_code = guard(*arguments); });
}

}  // namespace tidegate::app
