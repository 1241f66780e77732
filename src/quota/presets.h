// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "quota/dimension.h"
#include "quota/period_limits.h"

#include <optional>
#include <span>
#include <string_view>

namespace tidegate::quota {

/// Limits of a group of models and how many requests may be in flight; what is absent is not limited, or not known.
struct GroupLimits {
  Limits limits;                      ///< per minute
  PeriodLimits periods;               ///< per day and month
  std::optional<double> concurrency;  ///< requests in flight

  friend bool operator==(const GroupLimits&, const GroupLimits&) = default;
};

/// What a provider's tier allows a group of models (`llm::model_group`), for the time before the first header, which then counts.
/// `start`, `build`, `scale`: Anthropic's published tables of 2026-08-22 (facts/anthropic-api.md 1.2). `tier1` … `tier4`,
/// `tier2_before`, `tier3_before`: a field report's combined tokens and connections. Nothing for a name that is none of these.
[[nodiscard]] std::optional<GroupLimits> tier_limits(std::string_view tier, std::string_view model_group);
/// Whether the group's calls use models. The others are free of models' limits: lists of models and files, counted tokens, batches.
[[nodiscard]] bool is_of_a_model(std::string_view model_group);
/// Every name that `tier_limits` knows.
[[nodiscard]] std::span<const std::string_view> tier_names();

}  // namespace tidegate::quota
