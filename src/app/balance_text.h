// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace tidegate::app {

/// `balances` of `/api/v1/status` as `tidegate status` prints them: a line per provider; empty without any. Throws what
/// Boost.JSON throws for a value of another shape.
[[nodiscard]] std::string balances_text(const boost::json::value& balances);

}  // namespace tidegate::app
