// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "metrics/snapshot.h"
#include "monitor/alarm.h"
#include "monitor/alert_book.h"
#include "monitor/exhaustion_forecast.h"
#include "monitor/limit_history.h"
#include "quota/book/limit_board.h"
#include "quota/book/room_book.h"
#include "quota/book/tenant_book.h"
#include "store/ledger_query.h"

#include <optional>
#include <span>
#include <vector>

// The gateway's figures in the words of the alert rules.
namespace tidegate::app {

/// Levels as the rooms themselves count. A pool whose money is spent has an alarm of its own (MoneyWatch), and is left out.
[[nodiscard]] std::vector<monitor::PoolStanding> pool_standings(std::span<const quota::RoomBook::NamedRoom> rooms);
/// Budgets in dollars for a day.
[[nodiscard]] std::vector<monitor::BudgetStanding> budget_standings(std::span<const quota::AccountLevel> accounts);
/// What everything has cost since the day (UTC) began, shadow copies included; without `spent` if the ledger cannot be read, which has
/// an alarm of its own. Nothing without a budget.
[[nodiscard]] std::vector<monitor::BudgetStanding> daily_standing(store::LedgerQueries& ledger, Money budget, WallTime now);
/// Nothing of nothing.
[[nodiscard]] std::optional<std::vector<monitor::PredictedExhaustion>> predicted_exhaustions(
    const std::optional<std::vector<monitor::ExhaustionForecast>>& forecasts);
[[nodiscard]] std::vector<monitor::StatedLimit> stated_limits(std::span<const quota::PoolLevel> pools);
/// Tells a scrape how many alerts there are, by rule, severity and state.
void add_alert_figures(metrics::SampleSink& sink, std::span<const monitor::Alert> alerts);

}  // namespace tidegate::app
