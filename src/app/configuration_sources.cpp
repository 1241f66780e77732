// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/configuration_sources.h"

#include "config/dotenv.h"

#include <unistd.h>

#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::app {

namespace {

constexpr const char* kUsualFile = "tidegate.yaml";
constexpr const char* kDotenv = ".env";

config::Environment read_environment() {
  config::Environment environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

bool exists(const char* file) { return ::access(file, F_OK) == 0; }

}  // namespace

Result<config::Sources> read_sources(const std::string& file) {
  config::Sources sources;
  sources.environment = read_environment();
  if (exists(kDotenv)) {
    Result<config::FileText> text = config::read_disk_file(kDotenv);
    if (!text) return fail(text);
    std::vector<config::Problem> problems;
    const config::Environment from_file = config::parse_dotenv({.name = kDotenv, .text = std::move(text->text)}, problems);
    if (!problems.empty()) return fail(FailureKind::InvalidInput, Origin::Operator, config::to_text(problems));
    sources.environment = config::merge(std::move(sources.environment), from_file);
  }
  if (!file.empty() || exists(kUsualFile)) {
    const std::string name = file.empty() ? kUsualFile : file;
    Result<config::FileText> text = config::read_disk_file(name);
    if (!text) return fail(text);
    sources.yaml = config::SourceText{.name = name, .text = std::move(text->text)};
  }
  return sources;
}

}  // namespace tidegate::app
