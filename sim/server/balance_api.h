// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/server/exchange.h"

namespace tidegate::sim {

/// What is left of the caller's money, as relays of the one-api kind tell it: `GET /v1/dashboard/billing/subscription` and
/// `/usage`. Of what was paid in, $20 to $100 are left: it is topped up by $80 whenever $20 are reached. Charges of Anthropic's
/// models alone, as the Admin API counts them.
[[nodiscard]] Reply serve_balance_api(Exchange& exchange);

}  // namespace tidegate::sim
