// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>

// What alert rules look at, in words of their own: whoever knows the figures translates.
namespace tidegate::monitor {

/// One dimension of one pool, as the gateway itself counts: corrected by what was sent since the last header.
struct PoolStanding {
  std::string provider;
  std::string model_group;
  std::string pool;       ///< empty: all of the provider for the group together
  std::string dimension;  ///< `requests`, `input_tokens`, `output_tokens`, `tokens`
  double limit = 0;       ///< per minute
  double remaining = 0;   ///< may be negative

  friend bool operator==(const PoolStanding&, const PoolStanding&) = default;
};

/// A budget for a day (UTC).
struct BudgetStanding {
  std::string owner;  ///< a tenant, `tenant/key`, or `all`
  double limit = 0;   ///< dollars
  std::optional<double> spent = {};  ///< absent: nobody could tell
};

/// What a forecast says of one limit or budget.
struct PredictedExhaustion {
  std::string scope;    ///< `all`, `pool`, `model`, `tenant`
  std::string name;     ///< of the pool, model or tenant
  std::string measure;  ///< `requests`, `input_tokens`, `output_tokens`, `cost_usd`
  std::string limit;    ///< which limit: `requests per minute`, `daily budget`
  double probability = 0;
  std::optional<double> minutes;  ///< until it is first crossed; absent: not within the horizon
  std::string reason;             ///< one sentence

  friend bool operator==(const PredictedExhaustion&, const PredictedExhaustion&) = default;
};

/// A limit as a provider stated it, and as it stated it before.
struct LimitChange {
  WallTime at{};  ///< first seen
  std::string pool;
  std::string model_group;
  std::string dimension;
  std::int64_t before = 0;  ///< per minute
  std::int64_t after = 0;

  friend bool operator==(const LimitChange&, const LimitChange&) = default;
};

}  // namespace tidegate::monitor
