// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/config_command.h"

#include "app/configuration_sources.h"
#include "config/load.h"
#include "config/settings.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace tidegate::app {

namespace {

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

void print_warnings(std::FILE* out, const config::LoadResult& result) {
  for (const config::Problem& warning : result.warnings) fmt::print(out, "warning: {}\n", config::to_text(warning));
}

int complain(const Failure& failure) {
  fmt::print(stderr, "tidegate: {}\n", failure.detail);
  return 1;
}

/// What was found is the answer of `check`, so it goes to standard output.
int check(const std::string& file) {
  const auto sources = read_sources(file);
  if (!sources) return complain(sources.error());
  const config::LoadResult result = config::load(*sources);
  fmt::print("{}", config::to_text(result.problems));
  print_warnings(stdout, result);
  const std::string name = sources->yaml ? sources->yaml->name : "no tidegate.yaml here: environment and defaults";
  const std::string found = result.ok() ? "good" : counted(result.problems.size(), "problem");
  const std::string doubts = result.warnings.empty() ? "" : ", " + counted(result.warnings.size(), "warning");
  fmt::print("{}: {}{}\n", name, found, doubts);
  return result.ok() ? 0 : 1;
}

int show(const std::string& file) {
  const auto sources = read_sources(file);
  if (!sources) return complain(sources.error());
  const config::LoadResult result = config::load(*sources);
  print_warnings(stderr, result);
  if (!result.ok()) {
    fmt::print(stderr, "{}", config::to_text(result.problems));
    return 1;
  }
  fmt::print("{}", config::to_yaml(config::effective(result.options)));
  return 0;
}

int print_schema() {
  fmt::print("{}", config::to_json(config::json_schema()));
  return 0;
}

void add_file_command(CLI::App& group, const char* name, const char* about, int (*run)(const std::string&),
                      int& exit_code) {
  auto file = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand(name, about);
  command->add_option("file,--config", *file,
                      "YAML file; without it ./tidegate.yaml if it is there, else environment and defaults");
  command->callback([file, run, &exit_code] { exit_code = run(*file); });
}

}  // namespace

void add_config_command(CLI::App& program, int& exit_code) {
  CLI::App* group = program.add_subcommand("config", "Check, show and describe the configuration");
  group->require_subcommand(1);
  add_file_command(*group, "check", "Tell everything that is wrong or doubtful; exit 1 if it could not be used", check,
                   exit_code);
  add_file_command(*group, "show", "Print what would be in force, defaults included, secrets as their names", show,
                   exit_code);
  CLI::App* schema = group->add_subcommand("schema", "Print the JSON Schema of tidegate.yaml, for editors");
  schema->callback([&exit_code] { exit_code = print_schema(); });
}

}  // namespace tidegate::app
