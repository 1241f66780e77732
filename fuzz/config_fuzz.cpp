// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
// Any bytes as tidegate.yaml and as .env: no message repeats a secret, and what loads, loads again from what it prints.
#include "config/difference.h"
#include "config/dotenv.h"
#include "config/load.h"
#include "config/settings.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace tidegate;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Stands in every secret. Longer than the fuzzer guesses, so that it is never in the input.
constexpr std::string_view kSecretMark = "wexuJqZ6-s3cr3t-9dV2";

/// Files that are there: all of which hold a secret, unless the seeds need something else in them.
Result<config::FileText> read_file(const std::string& path) {
  if (path.find("nowhere") != std::string::npos) return fail(FailureKind::NotFound, Origin::Operator, "cannot read it");
  if (path.ends_with(".yaml")) return config::FileText{.text = "rows: []\n", .permissions = 0644};
  return config::FileText{.text = std::string(kSecretMark), .permissions = 0600};
}

config::Sources sources_of(std::string yaml) {
  config::Sources sources;
  sources.yaml = config::SourceText{.name = "fuzz.yaml", .text = std::move(yaml)};
  for (const char* name : {"CLAUDE_KEY", "SECOND_KEY", "OPENAI_API_KEY", "ADMIN_TOKEN"}) {
    sources.environment[name] = std::string(kSecretMark) + name;
  }
  sources.read_file = read_file;
  return sources;
}

bool holds_secret(std::string_view text) { return text.find(kSecretMark) != std::string_view::npos; }

void check_round_trip(const config::Options& options) {
  const std::string printed = config::to_yaml(config::effective(options));
  require(!holds_secret(printed));
  const config::LoadResult again = config::load(sources_of(printed));
  require(again.ok() && again.options == options);
  require(config::difference(options, again.options).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (holds_secret(text)) return 0;
  std::vector<config::Problem> problems;
  (void)config::parse_dotenv({.name = ".env", .text = text}, problems);
  const config::LoadResult result = config::load(sources_of(text));
  require(!holds_secret(config::to_text(result.problems)) && !holds_secret(config::to_text(result.warnings)));
  require(result.problems.empty() == result.ok());
  if (result.ok()) check_round_trip(result.options);
  return 0;
}
