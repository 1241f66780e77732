// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/time.h"
#include "gateway/waiting_book.h"
#include "monitor/demand_minute.h"
#include "monitor/forecast_book.h"
#include "quota/book/limit_board.h"
#include "quota/book/room_book.h"
#include "quota/book/tenant_book.h"

#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::app {

/// What the forecast calls all pools of a provider for a group of models: `anthropic/opus-4`; empty without a group.
[[nodiscard]] std::string demand_pool(std::string_view provider, std::string_view model_group);

/// What forecasts are held against: the limits of all pools of a provider for a group of models together, and the
/// limits and budgets of tenants and keys. Pools that serve nobody now count nothing, nor do those of clients' own
/// credentials and of classes, which are parts of others. A provider's limits per day and month come back all the time,
/// as rooms count them.
[[nodiscard]] std::vector<monitor::DemandLimit> demand_limits(std::span<const quota::RoomBook::NamedRoom> rooms,
                                                              std::span<const quota::AccountLevel> accounts,
                                                              WallTime now);

/// The pools' limits per minute as providers' headers told, for who sees no rooms.
[[nodiscard]] std::vector<monitor::DemandLimit> demand_limits(std::span<const quota::PoolLevel> pools);

/// What everything together may cost in a day (UTC); nothing without a budget.
[[nodiscard]] std::vector<monitor::DemandLimit> daily_budget_limit(Money budget, Money spent, WallTime now);

/// The keys that have limits of their own: only those are forecast.
[[nodiscard]] std::set<std::string, std::less<>> limited_keys(std::span<const monitor::DemandLimit> limits);

/// How many requests wait, as unserved demand, by all that demand is known by.
[[nodiscard]] monitor::DemandMinute waiting_demand(std::span<const gateway::WaitingBook::Line> lines);

}  // namespace tidegate::app
