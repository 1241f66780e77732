// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/load.h"

#include "config/checks.h"
#include "config/prices.h"
#include "config/reading.h"
#include "config/settings.h"
#include "config/usual_providers.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidegate::config {

namespace {

constexpr std::string_view kNoProvider =
    "no provider: set CLAUDE_KEY (or ANTHROPIC_API_KEY), LZ_API_KEY or OPENAI_API_KEY in the environment or in .env, "
    "or name "
    "one under 'providers'; 'tidegate demo' needs none";

void fill_proxies(Options& options, const Reading& reading, const Environment& environment,
                  std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < options.providers.size(); ++i) {
    if (reading.has(fmt::format("providers[{}].proxy", i))) continue;
    UsualProxy proxy = usual_proxy(options.providers[i].base_url, environment, problems);
    options.providers[i].proxy = std::move(proxy.address);
    options.providers[i].proxy_credential = std::move(proxy.credential);
  }
}

}  // namespace

bool LoadResult::lacks_only_a_provider() const {
  return !problems.empty() && std::all_of(problems.begin(), problems.end(), [](const Problem& problem) {
    return problem.kind == ProblemKind::NoProvider;
  });
}

LoadResult load(const Sources& sources) {
  LoadResult result;
  Options& options = result.options;
  options.prices = shipped_prices();
  const std::string file = sources.yaml ? sources.yaml->name : "environment";
  Reading reading(file, sources.environment, sources.read_file, result.problems, result.warnings);
  if (sources.yaml) {
    const std::optional<Node> root = parse_yaml(*sources.yaml, result.problems);
    if (!root) return result;
    all_settings().read(reading, *root, options);
  }
  const bool names_providers = !options.providers.empty() || !result.problems.empty();
  if (options.providers.empty()) options.providers = usual_providers(sources.environment, result.problems);
  if (options.providers.empty() && !names_providers) {
    result.problems.push_back({.kind = ProblemKind::NoProvider, .file = file, .message = std::string(kNoProvider)});
  }
  if (!reading.has("alerts.receivers")) options.receivers = usual_receivers(sources.environment, result.problems);
  fill_proxies(options, reading, sources.environment, result.problems);
  check_together(options, reading);
  sort_by_position(result.problems);
  sort_by_position(result.warnings);
  return result;
}

}  // namespace tidegate::config
