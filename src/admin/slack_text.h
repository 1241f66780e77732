// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/instance.h"

#include <span>
#include <string>
#include <string_view>

// What the slash command says, in Slack's mrkdwn. Lists are short: the page has the rest.
namespace tidegate::admin {

/// With Slack's three characters that mean something made harmless.
[[nodiscard]] std::string slack_escaped(std::string_view text);

/// What is left of each pool, the emptiest first; then alerts with their ids, and the gateway's alarms.
[[nodiscard]] std::string slack_status(const Status& status, std::span<const quota::PoolLevel> pools,
                                       const AlertsState& alerts, std::span<const monitor::Alarm> alarms);
/// `rows` by model, most expensive first; of the day (UTC) that begins at `today`.
[[nodiscard]] std::string slack_cost(std::span<const store::CostRow> rows, WallTime today);
/// The most likely exhaustions within `horizon` minutes.
[[nodiscard]] std::string slack_forecast(std::span<const monitor::SeriesForecast> series, int horizon);

}  // namespace tidegate::admin
