// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "monitor/billed.h"
#include "store/ledger_query.h"

#include <boost/json/value.hpp>

#include <span>

namespace tidegate::admin {

/// What of the ledger `view_billed` wants: by provider and minute, of all kinds, since a provider bills copies and probes as well.
/// `begin`: of the time that is asked for; the first span may have begun earlier.
[[nodiscard]] store::EntryFilter costs_beside(std::span<const monitor::BalanceCourse> courses, WallTime begin);

/// As docs/openapi.yaml has it. `costs`: labels are provider and minute.
[[nodiscard]] boost::json::value view_billed(std::span<const monitor::BalanceCourse> courses, std::span<const store::CostRow> costs, WallTime begin);

}  // namespace tidegate::admin
