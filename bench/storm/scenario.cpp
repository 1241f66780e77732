// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/storm/scenario.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidegate::storm {
namespace {

sim::GroupLimits tier(char name) {
  const auto preset = sim::preset_limits(fmt::format("storm_{}", name));
  return preset ? preset->table.standard : sim::GroupLimits{};
}

Scenario on_tier(std::string name, char tier_name, std::size_t organisations, double load) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.limits = tier(tier_name);
  scenario.organisations = organisations;
  scenario.load = load;
  if (tier_name == 'a') scenario.length = 12 * 3600;
  return scenario;
}

void add_grid(std::vector<Scenario>& all) {
  for (const char name : {'a', 'b', 'c'}) {
    for (const std::size_t keys : {1UL, 3UL}) {
      for (const double load : {0.5, 0.8, 0.95, 1.1, 1.5}) {
        all.push_back(on_tier(fmt::format("s4_{}_{}_{}", name, keys, load), name, keys, load));
      }
    }
  }
}

void add_faults(std::vector<Scenario>& all) {
  const auto fault = [&](std::string_view name) -> Scenario& {
    all.push_back(on_tier(fmt::format("s6_{}", name), 'c', 1, 0.95));
    return all.back();
  };
  Scenario& foreign = fault("foreign");
  foreign.foreign_load = 0.20;
  foreign.load = 0.75;
  fault("concurrency").limits.concurrent = 8;
  fault("burst_window").limits.burst_window = Seconds(10);
  fault("acceleration").limits.ramp = sim::RampLimit{};
  fault("overload").is_overloaded_at_times = true;
  fault("halved").limits_factor_from_half = 0.5;
  fault("no_headers").sends_headers = false;
  fault("unknown_limits").knows_limits = false;
  fault("vague_sizes").size_sigma = 0.6;
  Scenario& slow = fault("slow_network");
  slow.delay_min = 0.2;
  slow.delay_max = 0.6;
  fault("not_streaming").streams = false;
}

}  // namespace

std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> all;
  Scenario s1 = on_tier("s1", 'c', 3, 0.6);
  s1.length = 2 * 3600;
  s1.has_fallback = false;
  s1.interactive_budget = 60;
  s1.batch_budget = 540;
  s1.drop_at = 3600;
  s1.drop_requests = 700;
  all.push_back(s1);

  Scenario s2 = s1;
  s2.name = "s2";
  s2.load = 0.7;
  s2.has_fallback = true;
  s2.interactive_budget = 15;
  s2.batch_budget = 300;
  s2.drop_requests = 1500;
  all.push_back(s2);

  for (const double load : {1.1, 1.5}) {
    Scenario s3 = on_tier(fmt::format("s3_{}", load), 'c', 3, load);
    s3.shape = Shape::Steady;
    all.push_back(s3);
  }
  add_grid(all);
  add_faults(all);

  for (const char name : {'a', 'b', 'c'}) {
    Scenario second = on_tier(fmt::format("second_{}", name), name, 1, 0.95);
    second.limits.burst_window = Seconds(1);
    all.push_back(second);
  }

  Scenario s7 = on_tier("s7", 'c', 1, 0.95);
  s7.keys_each = 3;
  s7.knows_organisations = false;
  all.push_back(s7);

  Scenario day = on_tier("day", 'c', 3, 0.75);
  day.shape = Shape::Day;
  day.length = 24 * 3600;
  day.warm_up = 0;
  day.has_fallback = false;
  day.interactive_budget = 60;
  day.batch_budget = 540;
  all.push_back(day);
  return all;
}

std::vector<Scenario> scenarios(std::string_view group) {
  std::vector<Scenario> all = all_scenarios();
  std::erase_if(all, [&](const Scenario& one) { return one.name != group && !one.name.starts_with(fmt::format("{}_", group)); });
  return all;
}

std::optional<Scenario> scenario(std::string_view name) {
  for (Scenario& one : all_scenarios()) {
    if (one.name == name) return one;
  }
  return std::nullopt;
}

}  // namespace tidegate::storm
