// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/presets.h"

#include "base/glob.h"
#include "quota/pool_options.h"

#include <algorithm>
#include <array>

namespace tidegate::quota {
namespace {

struct FieldTier {
  std::string_view name;
  double requests, tokens, concurrency;
};
constexpr std::array<FieldTier, 6> kFieldTiers{{{"tier1", 5, 25'000, 1},
                                                {"tier2", 20, 40'000, 2},
                                                {"tier3", 100, 200'000, 5},
                                                {"tier4", 400, 1'000'000, 10},
                                                {"tier2_before", 8, 40'000, 2},
                                                {"tier3_before", 40, 200'000, 5}}};

struct Row {
  double requests, input, output;
};
struct PublishedTier {
  std::string_view name;
  Row fable, usual, haiku_3_5;
  double batches, count_tokens;  ///< requests
};
constexpr std::array<PublishedTier, 3> kPublishedTiers{
    {{"start", {1'000, 500'000, 100'000}, {1'000, 2'000'000, 400'000}, {1'000, 100'000, 20'000}, 1'000, 2'000},
     {"build", {2'000, 1'500'000, 300'000}, {5'000, 5'000'000, 1'000'000}, {2'000, 200'000, 40'000}, 2'000, 4'000},
     {"scale", {4'000, 4'000'000, 800'000}, {10'000, 10'000'000, 2'000'000}, {4'000, 400'000, 80'000}, 4'000, 8'000}}};

constexpr std::array<std::string_view, kFieldTiers.size() + kPublishedTiers.size()> kNames{
    "tier1", "tier2", "tier3", "tier4", "tier2_before", "tier3_before", "start", "build", "scale"};

GroupLimits requests_only(double requests) {
  GroupLimits limits;
  limits.limits[Dimension::Requests] = requests;
  return limits;
}

GroupLimits published(const PublishedTier& tier, std::string_view group) {
  if (group == "batches") return requests_only(tier.batches);
  if (group == "count_tokens") return requests_only(tier.count_tokens);
  const Row& row = group.starts_with("fable") ? tier.fable : group.starts_with("haiku-3") ? tier.haiku_3_5 : tier.usual;
  GroupLimits limits;
  limits.limits[Dimension::Requests] = row.requests;
  limits.limits[Dimension::Input] = row.input;
  limits.limits[Dimension::Output] = row.output;
  return limits;
}

}  // namespace

bool is_of_a_model(std::string_view group) { return !group.empty() && group != "count_tokens" && group != "batches"; }

std::optional<GroupLimits> tier_limits(std::string_view tier, std::string_view model_group) {
  if (model_group.empty()) return GroupLimits{};  // no tier has a limit for calls that name no model
  const auto field = std::find_if(kFieldTiers.begin(), kFieldTiers.end(), [&](const FieldTier& row) { return row.name == tier; });
  if (field != kFieldTiers.end()) {
    GroupLimits limits = requests_only(field->requests);
    if (model_group == "count_tokens") return limits;  // free: neither its tokens nor its connections count with the messages'
    limits.limits[Dimension::Tokens] = field->tokens;
    limits.concurrency = field->concurrency;
    return limits;
  }
  const auto row = std::find_if(kPublishedTiers.begin(), kPublishedTiers.end(), [&](const PublishedTier& candidate) { return candidate.name == tier; });
  if (row == kPublishedTiers.end()) return std::nullopt;
  return published(*row, model_group);
}

std::span<const std::string_view> tier_names() { return kNames; }

GroupLimits known_limits(const PoolOptions& options, std::string_view model_group, const GroupLimits& stated) {
  GroupLimits known = tier_limits(options.tier, model_group).value_or(GroupLimits{});
  for (const Dimension d : kAllDimensions) {
    if (stated.limits[d]) known.limits[d] = stated.limits[d];
  }
  known.periods = stated.periods;
  const auto rule = std::find_if(options.limits.begin(), options.limits.end(),
                                 [&](const GroupLimitRule& candidate) {
                                   return candidate.models == model_group || (is_of_a_model(model_group) && matches_glob(candidate.models, model_group));
                                 });
  if (rule == options.limits.end()) return known;
  for (const Dimension d : kAllDimensions) {
    if (rule->limits.limits[d]) known.limits[d] = rule->limits.limits[d];
  }
  for (const PeriodDimension d : kPeriodDimensions) {
    if (rule->limits.periods[d]) known.periods[d] = rule->limits.periods[d];
  }
  if (rule->limits.concurrency) known.concurrency = rule->limits.concurrency;
  return known;
}

}  // namespace tidegate::quota
