// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/demand_minute.h"

#include <utility>

namespace tidegate::monitor {

namespace {
constexpr std::size_t kLongestName = 120;  // as in windows
}

Demand& Demand::operator+=(const Demand& other) {
  for (std::size_t i = 0; i < served.size(); ++i) served[i] += other.served[i];
  unserved += other.unserved;
  return *this;
}

void DemandMinute::add(const DemandSample& sample) {
  by_name_[{}] += sample.demand;
  add_spare(sample);
  add(ForecastScope::Model, sample.model, sample.demand);
  add(ForecastScope::Tenant, sample.tenant, sample.demand);
  add(ForecastScope::Key, sample.key, sample.demand);
}

void DemandMinute::add_spare(const DemandSample& sample) {
  Demand limited = sample.demand;
  limited[DemandMeasure::Tokens] -= sample.cached_tokens;
  add(ForecastScope::Pool, sample.pool, limited);
}

void DemandMinute::add_waiting(const DemandMinute& before, const DemandMinute& now) {
  const auto waiting_in = [](const DemandMinute& minute, const DemandName& name) {
    const auto found = minute.by_name_.find(name);
    return found == minute.by_name_.end() ? 0 : found->second.unserved;
  };
  const auto add_change = [&](const DemandName& name) {
    Demand change;
    change.unserved = waiting_in(now, name) - waiting_in(before, name);
    if (change.unserved == 0) return;
    if (name == DemandName{}) {
      by_name_[name] += change;
    } else {
      add(name.scope, name.name, change);
    }
  };
  for (const auto& [name, demand] : now.by_name_) add_change(name);
  for (const auto& [name, demand] : before.by_name_) {
    if (!now.by_name_.contains(name)) add_change(name);
  }
}

void DemandMinute::keep_keys(const std::set<std::string, std::less<>>& keys) {
  std::erase_if(by_name_, [&](const auto& one) {
    return one.first.scope == ForecastScope::Key && !keys.contains(one.first.name);
  });
}

void DemandMinute::add(ForecastScope scope, std::string_view name, const Demand& demand) {
  if (name.empty()) return;
  DemandName key{scope, std::string(name.substr(0, kLongestName))};
  const auto found = by_name_.find(key);
  if (found != by_name_.end()) {
    found->second += demand;
  } else if (by_name_.size() < kMostNames) {
    by_name_.emplace(std::move(key), demand);
  }
}

}  // namespace tidegate::monitor
