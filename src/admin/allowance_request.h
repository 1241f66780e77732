// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/directory.h"

#include <boost/json/value.hpp>

#include <string_view>

namespace tidegate::admin {

/// Reads one member of a key or tenant that says what it may take: `budgets`, `requests_per_minute`,
/// `tokens_per_minute`, `priority`, `weight`, `reserve`, `max_wait`. False: it is none of them. Failure: InvalidInput
/// that says what it must be.
[[nodiscard]] Result<bool> read_allowance_member(std::string_view name, const boost::json::value& value,
                                                 quota::Allowance& allowance);

/// The members that `read_allowance_member` knows, for messages.
inline constexpr std::string_view kAllowanceMembers =
    "budgets, requests_per_minute, tokens_per_minute, priority, weight, reserve, max_wait";

/// Reads `{"budgets":["5.00/day"],"requests_per_minute":60,…}`: all that a key may take from now on; what is not there
/// is not limited. Failure: as read_allowance_member, or a member that is none of them.
[[nodiscard]] Result<quota::Allowance> read_allowance_request(std::string_view body);
/// The same for a tenant, with its `name`; without one it is called as its id.
[[nodiscard]] Result<store::Tenant> read_tenant_request(std::string_view id, std::string_view body);

}  // namespace tidegate::admin
