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
  add(ForecastScope::Pool, sample.pool, sample.demand);
  add(ForecastScope::Model, sample.model, sample.demand);
  add(ForecastScope::Tenant, sample.tenant, sample.demand);
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
