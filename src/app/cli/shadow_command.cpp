// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/shadow_command.h"

#include "app/admin_client.h"
#include "app/shadow_text.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace tidegate::app {

namespace {

struct ShadowArguments {
  InstanceArguments instance;
  std::string since = "24h";
  std::string format = "text";
};

int complain(std::string_view what) {
  fmt::print(stderr, "tidegate: {}\n", what);
  return 1;
}

int report(const ShadowArguments& arguments) {
  if (arguments.format != "text" && arguments.format != "json") {
    return complain(fmt::format("--format: '{}' is neither text nor json", arguments.format));
  }
  const auto shadow = ask_instance(arguments.instance, "/api/v1/shadow?since=" + query_value(arguments.since));
  if (!shadow) return complain(shadow.error().detail);
  try {
    fmt::print("{}", arguments.format == "json" ? boost::json::serialize(*shadow) + "\n" : shadow_text(*shadow));
  } catch (const std::exception&) {  // Boost.JSON's way to say that a member is missing or of another type
    return complain(arguments.instance.url + " does not answer as this version of tidegate does; is it the dashboard's address?");
  }
  return 0;
}

}  // namespace

void add_shadow_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<ShadowArguments>();
  CLI::App* shadow = program.add_subcommand("shadow", "A second provider that answers copies of some requests");
  shadow->require_subcommand(1);
  CLI::App* command = shadow->add_subcommand("report", "How it compares, and whether it could take over");
  add_instance_arguments(*command, arguments->instance);
  command->add_option("--since", arguments->since, "How far back: 30m, 24h")->capture_default_str();
  command->add_option("--format", arguments->format, "text or json")->capture_default_str();
  command->callback([arguments, &exit_code] { exit_code = report(*arguments); });
}

}  // namespace tidegate::app
