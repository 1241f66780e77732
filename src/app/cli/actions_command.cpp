// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/actions_command.h"

#include "app/admin_client.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace tidegate::app {

namespace {

struct ActionsArguments {
  InstanceArguments instance;
  std::string name;
  std::string by = "command line";
  bool json = false;
};

int complain(std::string_view what) {
  fmt::print(stderr, "tidegate: {}\n", what);
  return 1;
}

int complain_of_answer(const ActionsArguments& arguments) {
  return complain(arguments.instance.url + " does not answer as this version of tidegate does; is it the dashboard's address?");
}

std::string_view text(const boost::json::object& object, std::string_view name) {
  const boost::json::value& member = object.at(name);
  return member.is_null() ? std::string_view("-") : std::string_view(member.as_string());
}

int list(const ActionsArguments& arguments) {
  const auto answer = ask_instance(arguments.instance, "/api/v1/actions");
  if (!answer) return complain(answer.error().detail);
  if (arguments.json) {
    fmt::print("{}\n", boost::json::serialize(*answer));
    return 0;
  }
  try {
    std::string table = fmt::format("{:<20}{:<14}{:<15}{:<9}{:<22}{}\n", "action", "kind", "state", "today", "since", "");
    for (const boost::json::value& one : answer->as_object().at("actions").as_array()) {
      const boost::json::object& action = one.as_object();
      const std::string today =
          fmt::format("{}/{}", action.at("runs_today").to_number<std::int64_t>(), action.at("max_per_day").to_number<std::int64_t>());
      table += fmt::format("{:<20}{:<14}{:<15}{:<9}{:<22}{}\n", text(action, "name"), text(action, "kind"), text(action, "state"), today,
                           text(action, "since"), text(action, "detail"));
    }
    fmt::print("{}", table);
  } catch (const std::exception&) {  // Boost.JSON's way to say that a member is missing or of another type
    return complain_of_answer(arguments);
  }
  return 0;
}

int ask_for(const ActionsArguments& arguments, std::string_view what) {
  const auto answer = tell_instance(arguments.instance, fmt::format("/api/v1/actions/{}/{}", query_value(arguments.name), what),
                                    boost::json::object{{"by", arguments.by}});
  if (!answer) return complain(answer.error().detail);
  const boost::json::object* object = answer->if_object();
  const boost::json::value* told = object == nullptr ? nullptr : object->if_contains("told");
  if (told == nullptr || !told->is_string()) return complain_of_answer(arguments);
  fmt::print("{}\n", std::string_view(told->get_string()));
  return 0;
}

}  // namespace

void add_actions_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<ActionsArguments>();
  CLI::App* actions = program.add_subcommand("actions", "What is done when alerts fire: how it stands, and doing it by hand");
  actions->require_subcommand(0, 1);
  add_instance_arguments(*actions, arguments->instance);
  actions->add_flag("--json", arguments->json, "As the admin API has it");
  for (const auto& [verb, about] : {std::pair("run", "Run an action now; it stays until its return is asked for"),
                                    std::pair("return", "Take an action back; it does not run again while its alert lasts")}) {
    CLI::App* command = actions->add_subcommand(verb, about);
    command->fallthrough();  // --url may stand behind the name
    command->add_option("name", arguments->name, "Which action")->required();
    command->add_option("--by", arguments->by, "Who asks, for messages and the audit")->envname("USER")->capture_default_str();
    command->callback([arguments, &exit_code, verb = std::string_view(verb)] { exit_code = ask_for(*arguments, verb); });
  }
  // Called after that of a subcommand, too.
  actions->callback([arguments, actions, &exit_code] {
    if (actions->get_subcommands().empty()) exit_code = list(*arguments);
  });
}

}  // namespace tidegate::app
