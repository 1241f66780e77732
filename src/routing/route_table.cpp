// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "routing/route_table.h"

#include "base/glob.h"

#include <algorithm>
#include <utility>

namespace tidegate::routing {
namespace {

bool can_be_translated(llm::Endpoint endpoint) {
  return endpoint == llm::Endpoint::Messages || endpoint == llm::Endpoint::ChatCompletions;
}

bool holds(const TargetCondition& when, const RequestFacts& request) {
  const auto is = [](const std::optional<bool>& wanted, bool given) { return !wanted || *wanted == given; };
  if (!is(when.batch, request.batch) || !is(when.stream, request.stream) || !is(when.tools, request.tools)) return false;
  if (when.max_body_bytes && request.body_bytes > *when.max_body_bytes) return false;
  return when.tenants.empty() || std::any_of(when.tenants.begin(), when.tenants.end(),
                                             [&](const std::string& pattern) { return matches_glob(pattern, request.tenant); });
}

/// Puts each run of weighted targets into an order drawn by their weights: the first one is taken with its share, the next one with its
/// share of the rest, and so on.
void draw_order(std::vector<PlannedTarget>& targets, double draw) {
  const auto weight_of = [](const PlannedTarget& target) { return target.rule == nullptr ? 0 : target.rule->weight; };
  for (std::size_t begin = 0; begin < targets.size(); ++begin) {
    std::int64_t total = 0;
    std::size_t end = begin;
    for (; end < targets.size() && weight_of(targets[end]) > 0; ++end) total += weight_of(targets[end]);
    if (end < begin + 2) continue;
    double point = draw * static_cast<double>(total);
    std::size_t chosen = begin;
    while (chosen + 1 < end && point >= static_cast<double>(weight_of(targets[chosen]))) point -= static_cast<double>(weight_of(targets[chosen++]));
    // What is left of the draw within the chosen share is as random as the draw was.
    draw = std::clamp(point / static_cast<double>(weight_of(targets[chosen])), 0.0, 1.0 - 1e-12);
    std::rotate(targets.begin() + static_cast<std::ptrdiff_t>(begin), targets.begin() + static_cast<std::ptrdiff_t>(chosen),
                targets.begin() + static_cast<std::ptrdiff_t>(chosen) + 1);
  }
}

}  // namespace

RouteTable::RouteTable(std::span<const RouteRule> rules, std::vector<ProviderRow> providers) : providers_(std::move(providers)) {
  for (const RouteRule& rule : rules) {
    Route route{rule.model, {}, rule.refuses_losses, false};
    const auto add = [&](const TargetRule& target) {
      const auto known = std::find_if(providers_.begin(), providers_.end(), [&](const ProviderRow& row) { return row.id == target.provider.text(); });
      if (known == providers_.end()) return;
      TargetRule plain;
      plain.provider = target.provider;
      route.targets.push_back({static_cast<std::size_t>(known - providers_.begin()), target, target != plain});
      route.has_weights = route.has_weights || target.weight > 0;
    };
    const auto add_plain = [&](const ProviderId& provider) {
      TargetRule target;
      target.provider = provider;
      add(target);
    };
    if (!rule.provider.text().empty()) add_plain(rule.provider);
    for (const TargetRule& target : rule.targets) add(target);
    for (const ProviderId& spare : rule.overflow) add_plain(spare);
    routes_.push_back(std::move(route));
  }
}

bool RouteTable::is_allowed(std::string_view provider, const RequestFacts& request) {
  return request.allowed_providers.empty() ||
         std::find(request.allowed_providers.begin(), request.allowed_providers.end(), provider) != request.allowed_providers.end();
}

bool RouteTable::may_serve(const Target& target, const RequestFacts& request) const {
  const ProviderRow& provider = providers_[target.provider];
  if (provider.dialect != request.match.dialect && !can_be_translated(request.match.endpoint)) return false;
  return is_allowed(provider.id, request) && (!target.has_terms || holds(target.rule.when, request));
}

std::vector<PlannedTarget> RouteTable::plan(const RequestFacts& request) const {
  std::vector<PlannedTarget> planned;
  for (const Route& route : routes_) {
    if (!matches_glob(route.model, request.model)) continue;
    for (const Target& target : route.targets) {
      if (!may_serve(target, request)) continue;
      const TargetRule* const rule = target.has_terms ? &target.rule : nullptr;
      const bool is_there = std::any_of(planned.begin(), planned.end(), [&](const PlannedTarget& other) {
        return other.provider == target.provider && (other.rule == rule || (rule != nullptr && other.rule != nullptr && *other.rule == *rule));
      });
      if (!is_there) planned.push_back({target.provider, rule, route.refuses_losses});
    }
    if (planned.empty()) continue;
    if (route.has_weights) draw_order(planned, request.draw);
    return planned;
  }
  for (std::size_t number = 0; number < providers_.size(); ++number) {
    if (providers_[number].dialect == request.match.dialect && is_allowed(providers_[number].id, request)) planned.push_back({number, nullptr, false});
  }
  return planned;
}

}  // namespace tidegate::routing
