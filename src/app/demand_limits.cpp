// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/demand_limits.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace tidegate::app {

using monitor::DemandLimit;
using monitor::DemandMeasure;
using monitor::DemandName;
using monitor::ForecastScope;
using monitor::LimitKind;

namespace {

struct Counted {
  DemandMeasure measure;
  std::string_view limit;
};

/// Absent for what no series counts.
std::optional<Counted> counted(quota::Dimension dimension) {
  switch (dimension) {
    case quota::Dimension::Requests: return Counted{DemandMeasure::Requests, "requests per minute"};
    case quota::Dimension::Input: return Counted{DemandMeasure::InputTokens, "input tokens per minute"};
    case quota::Dimension::Output: return Counted{DemandMeasure::OutputTokens, "output tokens per minute"};
    case quota::Dimension::Tokens: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Counted> counted(llm::LimitDimension dimension) {
  switch (dimension) {
    case llm::LimitDimension::Requests: return counted(quota::Dimension::Requests);
    case llm::LimitDimension::InputTokens: return counted(quota::Dimension::Input);
    case llm::LimitDimension::OutputTokens: return counted(quota::Dimension::Output);
    case llm::LimitDimension::Tokens:
    case llm::LimitDimension::FastInputTokens:
    case llm::LimitDimension::FastOutputTokens:
    case llm::LimitDimension::PriorityInputTokens:
    case llm::LimitDimension::PriorityOutputTokens: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Counted> counted(quota::PeriodDimension dimension) {
  switch (dimension) {
    case quota::PeriodDimension::RequestsPerDay: return Counted{DemandMeasure::Requests, "requests per day"};
    case quota::PeriodDimension::RequestsPerMonth: return Counted{DemandMeasure::Requests, "requests per month"};
    case quota::PeriodDimension::TokensPerDay:
    case quota::PeriodDimension::TokensPerMonth: return std::nullopt;
  }
  return std::nullopt;
}

std::string_view name_of(quota::BudgetPeriod period) {
  switch (period) {
    case quota::BudgetPeriod::Hour: return "hourly budget";
    case quota::BudgetPeriod::Day: return "daily budget";
    case quota::BudgetPeriod::Month: return "monthly budget";
    case quota::BudgetPeriod::Life: return "lifetime budget";
  }
  return {};
}

/// The limits of one room's pools, summed by what they are called.
void add_limits(std::vector<DemandLimit>& limits, const quota::RoomBook::NamedRoom& room) {
  const std::string pool_name = demand_pool(room.provider, room.model_group);
  if (pool_name.empty() || !room.class_name.empty() || !room.credential.empty()) return;
  const std::size_t first = limits.size();
  const auto add = [&](const Counted& what, LimitKind kind, double capacity, double remaining) {
    if (capacity <= 0) return;
    auto found = std::find_if(limits.begin() + static_cast<std::ptrdiff_t>(first), limits.end(),
                              [&](const DemandLimit& limit) { return limit.limit == what.limit; });
    if (found == limits.end()) {
      found = limits.insert(limits.end(), DemandLimit{.of = {ForecastScope::Pool, pool_name},
                                                      .measure = what.measure,
                                                      .limit = std::string(what.limit),
                                                      .kind = kind});
    }
    found->capacity += capacity;
    found->remaining += remaining;
  };
  for (const quota::BucketView& pool : room.room.pools) {
    if (pool.is_dead || pool.keys.empty()) continue;
    for (const quota::BucketLevel& level : pool.levels) {
      // What others of the organisation use is not there for this gateway.
      if (const auto what = counted(level.dimension))
        add(*what, LimitKind::Rate, level.limit - level.foreign, level.level);
    }
    for (const quota::PeriodLevel& level : pool.periods) {
      if (const auto what = counted(level.dimension)) add(*what, LimitKind::Budget, level.limit, level.level);
    }
  }
}

void add_limits(std::vector<DemandLimit>& limits, const quota::AccountLevel& account, WallTime now) {
  if (!account.key.empty()) return;
  const DemandName tenant{ForecastScope::Tenant, account.tenant};
  if (account.requests && account.requests->limit > 0) {
    limits.push_back({.of = tenant,
                      .measure = DemandMeasure::Requests,
                      .limit = "requests per minute",
                      .kind = LimitKind::Rate,
                      .capacity = static_cast<double>(account.requests->limit),
                      .remaining = static_cast<double>(account.requests->remaining)});
  }
  for (const quota::BudgetLevel& level : account.budgets) {
    if (level.budget.unit != quota::BudgetUnit::Money || level.budget.limit <= 0) continue;
    DemandLimit limit{.of = tenant,
                      .measure = DemandMeasure::Cost,
                      .limit = std::string(name_of(level.budget.period)),
                      .kind = LimitKind::Budget,
                      .capacity = static_cast<double>(level.budget.limit) * 1e-9,
                      .remaining = static_cast<double>(level.left()) * 1e-9};
    if (level.resets_at) {
      limit.minutes_to_renewal =
          std::max<std::int64_t>(std::chrono::ceil<std::chrono::minutes>(*level.resets_at - now).count(), 1);
    }
    limits.push_back(std::move(limit));
  }
}

}  // namespace

std::string demand_pool(std::string_view provider, std::string_view model_group) {
  if (provider.empty() || model_group.empty()) return {};
  return std::string(provider) + '/' + std::string(model_group);
}

std::vector<DemandLimit> demand_limits(std::span<const quota::RoomBook::NamedRoom> rooms,
                                       std::span<const quota::AccountLevel> accounts, WallTime now) {
  std::vector<DemandLimit> limits;
  for (const quota::RoomBook::NamedRoom& room : rooms) add_limits(limits, room);
  for (const quota::AccountLevel& account : accounts) add_limits(limits, account, now);
  return limits;
}

std::vector<DemandLimit> demand_limits(std::span<const quota::PoolLevel> pools) {
  std::vector<DemandLimit> limits;
  for (const quota::PoolLevel& pool : pools) {
    const DemandName name{ForecastScope::Pool, demand_pool(pool.provider, pool.model_group)};
    for (const quota::LimitLevel& level : pool.limits) {
      const auto what = counted(level.dimension);
      if (!what || !level.limit || *level.limit <= 0 || name.name.empty()) continue;
      auto found = std::find_if(limits.begin(), limits.end(), [&](const DemandLimit& limit) {
        return limit.of == name && limit.limit == what->limit;
      });
      if (found == limits.end()) {
        found = limits.insert(limits.end(), {.of = name, .measure = what->measure, .limit = std::string(what->limit)});
      }
      const auto capacity = static_cast<double>(*level.limit);
      found->capacity += capacity;
      found->remaining += level.remaining_now.value_or(capacity);  // it refills within a minute
    }
  }
  return limits;
}

std::map<std::string, double> waiting_by_pool(std::span<const quota::RoomBook::NamedRoom> rooms) {
  std::map<std::string, double> waiting;
  for (const quota::RoomBook::NamedRoom& room : rooms) {
    const auto count = static_cast<double>(room.room.waiting_interactive + room.room.waiting_batch);
    if (count > 0) waiting[demand_pool(room.provider, room.model_group)] += count;
  }
  return waiting;
}

}  // namespace tidegate::app
