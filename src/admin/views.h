// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/instance.h"
#include "monitor/guard.h"

#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

// What the admin API says, as JSON values. docs/openapi.yaml describes them for readers. Times are RFC 3339 in UTC,
// durations seconds, amounts of money exact decimal strings of dollars; what is not known is left out.
namespace tidegate::admin {

[[nodiscard]] boost::json::value view(const Status& status);
[[nodiscard]] boost::json::value view(const monitor::WindowTotals& totals);
[[nodiscard]] boost::json::value view(std::span<const monitor::WindowLine> lines);
[[nodiscard]] boost::json::value view(std::span<const quota::PoolLevel> pools);
[[nodiscard]] boost::json::value view(std::span<const quota::RoomBook::NamedRoom> rooms);
[[nodiscard]] boost::json::value view(std::span<const caching::SavingsBook::Line> savings);
/// null: none is kept.
[[nodiscard]] boost::json::value view(const std::optional<Instance::KeptAnswers>& answers);
/// Each key with how many lead to the same pool: those share one limit. Of each provider the first `most`, and how many more there are.
[[nodiscard]] boost::json::value view(std::span<const quota::RoomBook::NamedKeys> providers, SteadyTime now, std::size_t most);
/// `{"every_seconds":10,"series":[{…,"points":[[UNIX SECONDS, LEFT],…]}]}`.
[[nodiscard]] boost::json::value view(const LevelCurves& curves);
[[nodiscard]] boost::json::value view(std::span<const monitor::Alarm> alarms);
[[nodiscard]] boost::json::value view(std::span<const monitor::Breach> breaches);
/// With what it has spent and may yet take, if that is known.
[[nodiscard]] boost::json::value view(const store::VirtualKey& key, WallTime now, const quota::AccountLevel* level);
[[nodiscard]] boost::json::value view(const store::Tenant& tenant, const quota::AccountLevel* level);
/// Of a tenant or a key among levels in their order; null if there is none.
[[nodiscard]] const quota::AccountLevel* find_level(std::span<const quota::AccountLevel> levels, std::string_view tenant,
                                                    std::string_view key);
/// `{"rows":[…],"total_usd":…}`.
[[nodiscard]] boost::json::value view(std::span<const store::CostRow> rows, std::span<const store::Dimension> by);

/// The dimension of a pool that has the smallest share of its limit left now; absent before any reading.
[[nodiscard]] std::optional<monitor::SmallestRemaining> smallest_remaining(std::span<const quota::PoolLevel> pools);

}  // namespace tidegate::admin
