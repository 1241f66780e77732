// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/ledger_query.h"

#include <boost/json/value.hpp>

#include <span>
#include <string>
#include <vector>

namespace tidegate::app {

/// Rows as `GET /api/v1/cost` gives them (both kinds of cache writes in one sum, kept as the five-minute kind).
/// Failure: Protocol if the answer is not of that shape.
[[nodiscard]] Result<std::vector<store::CostRow>> read_cost_rows(const boost::json::value& answer,
                                                                 std::span<const store::Dimension> by);

/// `GET /api/v1/savings` in words, one line for real marks and one for a dry run; empty if nothing was looked at.
[[nodiscard]] std::string savings_text(const boost::json::value& answer);

}  // namespace tidegate::app
