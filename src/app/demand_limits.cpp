// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/demand_limits.h"

#include "quota/book/readings.h"

#include <fmt/format.h>

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

constexpr double kSecondsPerMinute = 60;

struct Counted {
  DemandMeasure measure;
  std::string_view limit;
};

Counted counted(quota::Dimension dimension) {
  switch (dimension) {
    case quota::Dimension::Requests: return {DemandMeasure::Requests, "requests per minute"};
    case quota::Dimension::Input: return {DemandMeasure::InputTokens, "input tokens per minute"};
    case quota::Dimension::Output: return {DemandMeasure::OutputTokens, "output tokens per minute"};
    case quota::Dimension::Tokens: return {DemandMeasure::Tokens, "tokens per minute"};
  }
  return {};
}

Counted counted(quota::PeriodDimension dimension) {
  switch (dimension) {
    case quota::PeriodDimension::RequestsPerDay: return {DemandMeasure::Requests, "requests per day"};
    case quota::PeriodDimension::RequestsPerMonth: return {DemandMeasure::Requests, "requests per month"};
    case quota::PeriodDimension::TokensPerDay: return {DemandMeasure::Tokens, "tokens per day"};
    case quota::PeriodDimension::TokensPerMonth: return {DemandMeasure::Tokens, "tokens per month"};
  }
  return {};
}

std::string_view name_of(quota::BudgetPeriod period) {
  switch (period) {
    case quota::BudgetPeriod::Hour: return "hourly";
    case quota::BudgetPeriod::Day: return "daily";
    case quota::BudgetPeriod::Month: return "monthly";
    case quota::BudgetPeriod::Life: return "lifetime";
  }
  return {};
}

/// `daily budget`, `daily token budget`.
std::string name_of(const quota::Budget& budget) {
  return fmt::format("{} {}", name_of(budget.period),
                     budget.unit == quota::BudgetUnit::Tokens ? "token budget" : "budget");
}

/// Dollars, or tokens.
double in_unit(quota::BudgetUnit unit, std::int64_t amount) {
  return unit == quota::BudgetUnit::Money ? Money::nanodollars(amount).as_dollars() : static_cast<double>(amount);
}

/// A period that ends in seconds has a minute left.
std::int64_t minutes_until(WallTime end, WallTime now) {
  return std::max<std::int64_t>(std::chrono::ceil<std::chrono::minutes>(end - now).count(), 1);
}

/// The limits of one room's pools, summed by what they are called.
void add_limits(std::vector<DemandLimit>& limits, const quota::RoomBook::NamedRoom& room) {
  const std::string pool_name = demand_pool(room.provider, room.model_group);
  if (pool_name.empty() || !room.class_name.empty() || !room.credential.empty()) return;
  const std::size_t first = limits.size();
  const auto limit_of = [&](const Counted& what, LimitKind kind) -> DemandLimit& {
    const auto found = std::find_if(limits.begin() + static_cast<std::ptrdiff_t>(first), limits.end(),
                                    [&](const DemandLimit& limit) { return limit.limit == what.limit; });
    if (found != limits.end()) return *found;
    return limits.emplace_back(DemandLimit{.of = {ForecastScope::Pool, pool_name},
                                           .measure = what.measure,
                                           .limit = std::string(what.limit),
                                           .kind = kind});
  };
  for (const quota::BucketView& pool : room.room.pools) {
    if (pool.is_dead || pool.keys.empty()) continue;
    for (const quota::BucketLevel& level : pool.levels) {
      // What others of the organisation use is not there for this gateway.
      const double capacity = level.limit - level.foreign;
      if (capacity <= 0) continue;
      DemandLimit& limit = limit_of(counted(level.dimension), LimitKind::Rate);
      limit.capacity += capacity;
      limit.remaining += level.level;
    }
    for (const quota::PeriodLevel& level : pool.periods) {
      if (level.limit <= 0) continue;
      DemandLimit& limit = limit_of(counted(level.dimension), LimitKind::Budget);
      limit.capacity += level.limit;
      limit.remaining += level.level;
      limit.refill += level.limit * kSecondsPerMinute / quota::period_seconds(level.dimension);
    }
  }
}

void add_limits(std::vector<DemandLimit>& limits, const quota::AccountLevel& account, WallTime now) {
  const DemandName owner = account.key.empty() ? DemandName{ForecastScope::Tenant, account.tenant}
                                               : DemandName{ForecastScope::Key, account.key};
  for (const auto& [rate, dimension] :
       {std::pair(account.requests, quota::Dimension::Requests), std::pair(account.tokens, quota::Dimension::Tokens)}) {
    if (!rate || rate->limit <= 0) continue;
    const Counted what = counted(dimension);
    limits.push_back({.of = owner,
                      .measure = what.measure,
                      .limit = std::string(what.limit),
                      .kind = LimitKind::Rate,
                      .capacity = static_cast<double>(rate->limit),
                      .remaining = static_cast<double>(rate->remaining)});
  }
  for (const quota::BudgetLevel& level : account.budgets) {
    if (level.budget.limit <= 0) continue;
    const quota::BudgetUnit unit = level.budget.unit;
    limits.push_back({.of = owner,
                      .measure = unit == quota::BudgetUnit::Tokens ? DemandMeasure::Tokens : DemandMeasure::Cost,
                      .limit = name_of(level.budget),
                      .kind = LimitKind::Budget,
                      .capacity = in_unit(unit, level.budget.limit),
                      .remaining = in_unit(unit, level.left())});
    if (level.resets_at) limits.back().minutes_to_renewal = minutes_until(*level.resets_at, now);
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
    if (name.name.empty()) continue;
    llm::RateLimitReading reading;  // read as rooms read it
    for (const quota::LimitLevel& level : pool.limits) {
      std::optional<std::int64_t> remaining;
      if (level.remaining_now) remaining = static_cast<std::int64_t>(*level.remaining_now);
      reading.limits.push_back({level.dimension, level.limit, remaining, std::nullopt});
    }
    const quota::Readings readings = quota::to_readings(reading, pool.model_group);
    for (const quota::Dimension dimension : quota::kAllDimensions) {
      const quota::Reading& one = readings[dimension];
      if (!one.limit || *one.limit <= 0) continue;
      const Counted what = counted(dimension);
      auto found = std::find_if(limits.begin(), limits.end(), [&](const DemandLimit& limit) {
        return limit.of == name && limit.limit == what.limit;
      });
      if (found == limits.end()) {
        found = limits.insert(limits.end(), {.of = name, .measure = what.measure, .limit = std::string(what.limit)});
      }
      found->capacity += *one.limit;
      found->remaining += one.remaining.value_or(*one.limit);  // it refills within a minute
    }
  }
  return limits;
}

std::vector<DemandLimit> daily_budget_limit(Money budget, Money spent, WallTime now) {
  if (budget <= Money()) return {};
  return {
      {.of = {},
       .measure = DemandMeasure::Cost,
       .limit = "daily budget",
       .kind = LimitKind::Budget,
       .capacity = budget.as_dollars(),
       .remaining = (budget - spent).as_dollars(),
       .minutes_to_renewal = minutes_until(std::chrono::floor<std::chrono::days>(now) + std::chrono::days(1), now)}};
}

std::set<std::string, std::less<>> limited_keys(std::span<const DemandLimit> limits) {
  std::set<std::string, std::less<>> keys;
  for (const DemandLimit& limit : limits) {
    if (limit.of.scope == ForecastScope::Key) keys.insert(limit.of.name);
  }
  return keys;
}

monitor::DemandMinute waiting_demand(std::span<const gateway::WaitingBook::Line> lines) {
  monitor::DemandMinute waiting;
  for (const gateway::WaitingBook::Line& line : lines) {
    const gateway::WaitingBook::Label& label = line.label;
    monitor::DemandSample sample{.pool = label.wanted_room.empty() ? label.room : label.wanted_room,
                                 .model = label.model,
                                 .tenant = label.tenant,
                                 .key = label.key};
    sample.demand.unserved = static_cast<double>(line.requests);
    waiting.add(sample);
    if (label.wanted_room.empty()) continue;
    sample.pool = label.room;
    waiting.add_spare(sample);
  }
  return waiting;
}

}  // namespace tidegate::app
