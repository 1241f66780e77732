// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/alert_sources.h"

#include "metrics/names.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <tuple>

namespace tidegate::app {

std::vector<monitor::PoolStanding> pool_standings(std::span<const quota::RoomBook::NamedRoom> rooms) {
  std::vector<monitor::PoolStanding> standings;
  for (const quota::RoomBook::NamedRoom& room : rooms) {
    const std::string group = room.class_name.empty() ? room.model_group : fmt::format("{} ({})", room.model_group, room.class_name);
    for (const quota::BucketView& pool : room.room.pools) {
      if (pool.is_dead) continue;
      for (const quota::BucketLevel& level : pool.levels) {
        standings.push_back({.provider = room.provider,
                             .model_group = group,
                             .pool = pool.pool,
                             .dimension = std::string(to_string(level.dimension)),
                             .limit = level.limit,
                             .remaining = level.level});
      }
    }
  }
  return standings;
}

std::vector<monitor::BudgetStanding> budget_standings(std::span<const quota::AccountLevel> accounts) {
  std::vector<monitor::BudgetStanding> standings;
  for (const quota::AccountLevel& account : accounts) {
    for (const quota::BudgetLevel& level : account.budgets) {
      if (level.budget.period != quota::BudgetPeriod::Day || level.budget.unit != quota::BudgetUnit::Money) continue;
      standings.push_back({.owner = account.key.empty() ? account.tenant : account.tenant + "/" + account.key,
                           .limit = Money::nanodollars(level.budget.limit).as_dollars(),
                           .spent = Money::nanodollars(level.spent).as_dollars()});
    }
  }
  return standings;
}

std::vector<monitor::BudgetStanding> daily_standing(store::LedgerQueries& ledger, Money budget, WallTime now) {
  if (budget <= Money()) return {};
  store::EntryFilter today;
  today.since = std::chrono::floor<std::chrono::days>(now);
  constexpr std::array kBy{store::Dimension::Day};
  const auto rows = ledger.aggregate(today, kBy);
  if (!rows) return {{.owner = "all", .limit = budget.as_dollars()}};
  Money spent;
  for (const store::CostRow& row : *rows) spent += row.cost;
  return {{.owner = "all", .limit = budget.as_dollars(), .spent = spent.as_dollars()}};
}

std::optional<std::vector<monitor::PredictedExhaustion>> predicted_exhaustions(
    const std::optional<std::vector<monitor::ExhaustionForecast>>& forecasts) {
  if (!forecasts) return std::nullopt;
  std::vector<monitor::PredictedExhaustion> out;
  for (const monitor::ExhaustionForecast& one : *forecasts) {
    const auto minutes = one.first_crossing ? std::optional(static_cast<double>(one.first_crossing->count())) : std::nullopt;
    out.push_back({.scope = std::string(to_string(one.scope)),
                   .name = one.name,
                   .measure = std::string(to_string(one.measure)),
                   .limit = one.limit,
                   .probability = one.probability,
                   .minutes = minutes,
                   .reason = one.reason});
  }
  return out;
}

std::vector<monitor::StatedLimit> stated_limits(std::span<const quota::PoolLevel> pools) {
  std::vector<monitor::StatedLimit> limits;
  for (const quota::PoolLevel& pool : pools) {
    for (const quota::LimitLevel& level : pool.limits) {
      if (level.limit) limits.push_back({pool.pool, pool.model_group, std::string(llm::to_string(level.dimension)), *level.limit});
    }
  }
  return limits;
}

void add_alert_figures(metrics::SampleSink& sink, std::span<const monitor::Alert> alerts) {
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, int> counts;
  for (const monitor::Alert& alert : alerts) ++counts[{alert.rule, to_string(alert.severity), to_string(alert.state)}];
  for (const auto& [labels, count] : counts) {
    const auto& [rule, severity, state] = labels;
    sink.add(metrics::definition(metrics::Metric::Alerts), {rule, severity, state}, static_cast<double>(count));
  }
}

}  // namespace tidegate::app
