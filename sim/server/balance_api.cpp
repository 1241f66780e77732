// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/balance_api.h"

#include <boost/json.hpp>

#include <cmath>

namespace tidegate::sim {

namespace json = boost::json;

namespace {

constexpr double kPaidIn = 100;
constexpr double kTopUp = 80;

}  // namespace

Reply serve_balance_api(Exchange& exchange) {
  const double spent = exchange.provider.spent(exchange.caller.organisation).as_dollars();
  if (exchange.request.path.ends_with("/subscription")) {
    const double paid = kPaidIn + kTopUp * std::floor(spent / kTopUp);
    return {200, json::serialize(json::object{{"object", "billing_subscription"}, {"hard_limit_usd", paid}}), {}};
  }
  return {200, json::serialize(json::object{{"object", "list"}, {"total_usage", spent * 100}}), {}};
}

}  // namespace tidegate::sim
