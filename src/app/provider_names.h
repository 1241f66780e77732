// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/dialect.h"
#include "upstream/provider_options.h"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tidegate::app {

/// The names of all providers, or of those that speak one dialect. Valid as long as the options.
[[nodiscard]] inline std::vector<std::string_view> provider_names(std::span<const upstream::ProviderOptions> providers, std::optional<llm::Dialect> dialect = std::nullopt) {
  std::vector<std::string_view> names;
  for (const upstream::ProviderOptions& provider : providers) {
    if (!dialect || provider.dialect == *dialect) names.push_back(provider.id.text());
  }
  return names;
}

}  // namespace tidegate::app
