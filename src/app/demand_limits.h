// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "monitor/demand_minute.h"
#include "monitor/forecast_book.h"
#include "quota/book/limit_board.h"
#include "quota/book/room_book.h"
#include "quota/book/tenant_book.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::app {

/// What the forecast calls all pools of a provider for a group of models: `anthropic/opus-4`; empty without a group.
[[nodiscard]] std::string demand_pool(std::string_view provider, std::string_view model_group);

/// What forecasts are held against: the limits of all pools of a provider for a group of models together, and tenants'
/// limits and budgets in requests and dollars. Pools that serve nobody now count nothing, nor do those of clients' own
/// credentials and of classes, which are parts of others.
[[nodiscard]] std::vector<monitor::DemandLimit> demand_limits(std::span<const quota::RoomBook::NamedRoom> rooms,
                                                              std::span<const quota::AccountLevel> accounts,
                                                              WallTime now);

/// The same as providers' headers told, for who sees no rooms.
[[nodiscard]] std::vector<monitor::DemandLimit> demand_limits(std::span<const quota::PoolLevel> pools);

/// How many requests wait, by pool as the forecast calls it.
[[nodiscard]] std::map<std::string, double> waiting_by_pool(std::span<const quota::RoomBook::NamedRoom> rooms);

}  // namespace tidegate::app
