// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "quota/presets.h"

#include <string>
#include <vector>

namespace tidegate::quota {

/// Limits of a provider's model groups as the operator knows them.
struct GroupLimitRule {
  std::string models = "*";  ///< glob over the group of models, as `tidegate status` shows it: `opus-5`, `haiku-*`
  GroupLimits limits;

  friend bool operator==(const GroupLimitRule&, const GroupLimitRule&) = default;
};

/// How a provider's pools are counted. Headers win over everything here but the concurrency, which no header tells.
struct PoolOptions {
  std::string tier;                    ///< a name of `tier_names()`; empty: learned from the first answers
  std::vector<GroupLimitRule> limits;  ///< the first that matches; over the tier
  OutputAccounting output = OutputAccounting::AsProduced;

  friend bool operator==(const PoolOptions&, const PoolOptions&) = default;
};

/// What is known of a group before anything was answered.
/// `stated`: by the provider itself, over the tier.
[[nodiscard]] GroupLimits known_limits(const PoolOptions& options, std::string_view model_group, const GroupLimits& stated = {});

}  // namespace tidegate::quota
