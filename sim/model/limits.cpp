// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/limits.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace tidegate::sim {

namespace {

void multiply(std::optional<double>& figure, double factor) {
  if (figure) *figure *= factor;
}

GroupLimits combined(double requests, double tokens, int concurrent) {
  GroupLimits limits;
  limits.requests = requests;
  limits.tokens = tokens;
  limits.concurrent = concurrent;
  return limits;
}

GroupLimits split(double requests, double input_tokens, double output_tokens) {
  GroupLimits limits;
  limits.requests = requests;
  limits.input_tokens = input_tokens;
  limits.output_tokens = output_tokens;
  return limits;
}

GroupLimits requests_only(double requests) {
  GroupLimits limits;
  limits.requests = requests;
  return limits;
}

OrganisationLimits everything(GroupLimits limits) {
  OrganisationLimits organisation;
  organisation.table.standard = limits;
  return organisation;
}

/// QUOTA.md 2: output = input / 5, at most `concurrent` in flight.
OrganisationLimits storm(double requests, double input_tokens, int concurrent) {
  GroupLimits limits = split(requests, input_tokens, input_tokens / 5);
  limits.concurrent = concurrent;
  return everything(limits);
}

struct PublishedTier {
  GroupLimits fable, usual, haiku_3_5;
  double batch_requests, count_requests;
  BatchLimits batches;
  Money monthly_cap;
};

/// facts 1.2. The 5.5 classes have no published figures; they get those of their predecessors.
OrganisationLimits published(const PublishedTier& tier) {
  OrganisationLimits organisation = everything(tier.usual);
  organisation.table.groups["fable-5"] = tier.fable;
  organisation.table.groups["haiku-3-5"] = tier.haiku_3_5;
  organisation.table.groups["batches"] = requests_only(tier.batch_requests);
  organisation.table.groups["count_tokens"] = requests_only(tier.count_requests);
  organisation.table.groups["files"] = requests_only(500);
  organisation.batches = tier.batches;
  organisation.tier_spend_cap = tier.monthly_cap;
  return organisation;
}

OrganisationLimits start_tier() {
  return published({split(1'000, 500e3, 100e3), split(1'000, 2e6, 400e3), split(1'000, 100e3, 20e3), 1'000, 2'000,
                    {200'000, 100'000}, Money::dollars(500)});
}

OrganisationLimits build_tier() {
  return published({split(2'000, 1.5e6, 300e3), split(5'000, 5e6, 1e6), split(2'000, 200e3, 40e3), 2'000, 4'000,
                    {300'000, 100'000}, Money::dollars(1'000)});
}

OrganisationLimits scale_tier() {
  return published({split(4'000, 4e6, 800e3), split(10'000, 10e6, 2e6), split(4'000, 400e3, 80e3), 4'000, 8'000,
                    {500'000, 100'000}, Money::dollars(200'000)});
}

struct NamedPreset {
  std::string_view name;
  OrganisationLimits (*limits)();
};

// tier1 … tier3: a field report's figures, requests and combined tokens per minute; *_before: before they were raised.
// tier4 is "set freely": a start to be overridden one by one.
constexpr std::array<NamedPreset, 13> kPresets{{
    {"unlimited", [] { return everything(split(100e6, 1e12, 1e12)); }},  // headers are there, no limit is ever met
    {"tier1", [] { return everything(combined(5, 25e3, 1)); }},
    {"tier2", [] { return everything(combined(20, 40e3, 2)); }},
    {"tier3", [] { return everything(combined(100, 200e3, 5)); }},
    {"tier2_before", [] { return everything(combined(8, 40e3, 2)); }},
    {"tier3_before", [] { return everything(combined(40, 200e3, 5)); }},
    {"tier4", [] { return everything(combined(400, 1e6, 10)); }},
    {"storm_a", [] { return storm(5, 25e3, 5); }},
    {"storm_b", [] { return storm(40, 40e3, 20); }},
    {"storm_c", [] { return storm(100, 200e3, 50); }},
    {"start", start_tier},
    {"build", build_tier},
    {"scale", scale_tier},
}};

}  // namespace

bool is_endpoint_group(std::string_view group) {
  return group == "batches" || group == "count_tokens" || group == "files";
}

void LimitFigures::apply_to(OrganisationLimits& limits) const {
  const auto apply = [this](GroupLimits& group) {
    if (requests) group.requests = requests;
    if (input_tokens) group.input_tokens = input_tokens;
    if (output_tokens) group.output_tokens = output_tokens;
    if (tokens) group.tokens = tokens;
    if (concurrent) group.concurrent = concurrent;
    if (burst_seconds) {
      group.burst_window = std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(*burst_seconds));
    }
    if (has_ramp) group.ramp = *has_ramp ? std::optional<RampLimit>(RampLimit{}) : std::nullopt;
    if (reserves_output) {
      group.accounting = *reserves_output ? OutputAccounting::ReserveMaximum : OutputAccounting::AsProduced;
    }
  };
  apply(limits.table.standard);
  for (auto& [name, group] : limits.table.groups) {
    if (!is_endpoint_group(name)) apply(group);
  }
  if (fast) limits.fast = fast;
  if (priority) limits.priority = priority;
}

GroupLimits GroupLimits::scaled(double factor) const {
  GroupLimits limits = *this;
  multiply(limits.requests, factor);
  multiply(limits.input_tokens, factor);
  multiply(limits.output_tokens, factor);
  multiply(limits.tokens, factor);
  return limits;
}

const GroupLimits& GroupLimitTable::of(std::string_view group) const {
  const auto found = groups.find(group);
  return found == groups.end() ? standard : found->second;
}

GroupLimits GroupLimits::sped_up(double speed) const {
  GroupLimits limits = scaled(speed);
  limits.burst_window = std::chrono::duration_cast<Nanoseconds>(burst_window / speed);
  return limits;
}

void GroupLimitTable::speed_up(double speed) {
  standard = standard.sped_up(speed);
  for (auto& [name, limits] : groups) limits = limits.sped_up(speed);
}

const std::vector<std::string_view>& preset_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> list;
    for (const NamedPreset& preset : kPresets) list.push_back(preset.name);
    return list;
  }();
  return names;
}

Result<OrganisationLimits> preset_limits(std::string_view name) {
  for (const NamedPreset& preset : kPresets) {
    if (preset.name == name) return preset.limits();
  }
  return fail(FailureKind::NotFound, Origin::Operator,
              fmt::format("no preset '{}'; there are {}", name, fmt::join(preset_names(), ", ")));
}

}  // namespace tidegate::sim
