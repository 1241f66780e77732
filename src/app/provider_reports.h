// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/admin_api.h"
#include "app/reconciliation.h"
#include "base/result.h"
#include "base/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::app {

// Anthropic's Admin API as `tidegate reconcile` asks it (facts/anthropic-api.md 6.2, read 2026-11):
//
//     GET /v1/organizations/usage_report/messages   tokens in buckets of 1m or 1h
//     GET /v1/organizations/cost_report             decimal strings of US cents in buckets of a day
//
// both as pages `{"data": [{"starting_at", "ending_at", "results": […]}], "has_more", "next_page"}`.

/// Tokens by model within the window, and cost by model since its first day began. Blocks; asks page by page. Failure:
/// Denied (the key), Resolve | Connect | Timeout | Tls, Protocol (an answer of another shape), in words for people.
[[nodiscard]] Result<UseByModel> fetch_provider_use(const AdminApi& api, const ReconcileWindow& window);

/// Adds one page of the usage report; gives the token of the next page, nothing after the last. Failure: Protocol.
[[nodiscard]] Result<std::optional<std::string>> add_usage_page(std::string_view page, UseByModel& use);
/// The same for the cost report. Web searches are charged for no model and have a line of their own; what else is (code execution) is left
/// out: the ledger does not know it.
[[nodiscard]] Result<std::optional<std::string>> add_cost_page(std::string_view page, UseByModel& use);

}  // namespace tidegate::app
