// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ids.h"
#include "base/money.h"
#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::routing {

/// Which requests a target is for. All that is set must hold.
struct TargetCondition {
  std::vector<std::string> tenants;           ///< globs; empty: all
  std::optional<bool> batch;                  ///< of batch priority, or not
  std::optional<bool> stream;
  std::optional<bool> tools;                  ///< some tool is offered
  std::optional<std::int64_t> max_body_bytes;  ///< at most as large

  friend bool operator==(const TargetCondition&, const TargetCondition&) = default;
};

/// One that may serve a request, and on which terms.
struct TargetRule {
  ProviderId provider;
  std::string model;                    ///< its name there; empty: as the provider's model map says, else as asked for
  std::string key;                      ///< the one key of the provider to be used; empty: any
  std::optional<Nanoseconds> max_wait;  ///< for its turn there, before the next target is asked; absent: `admission.spare_after`
  std::optional<Money> max_cost;        ///< price ceiling: of a request, with its input as estimated and all the output that it allows
  std::int64_t weight = 0;              ///< targets next to each other that have one share by it; 0: in order
  TargetCondition when;

  friend bool operator==(const TargetRule&, const TargetRule&) = default;
};

/// Who serves a model. The first rule that matches, and leaves a target, counts.
struct RouteRule {
  std::string model = "*";            ///< glob over the requested model: `*` any run, `?` one character
  ProviderId provider;                ///< short for a target without terms; empty: see `targets`
  std::vector<ProviderId> overflow;   ///< who serves what it cannot serve in time, in this order
  std::vector<TargetRule> targets;
  bool refuses_losses = false;        ///< a request that another dialect cannot carry whole is not translated

  friend bool operator==(const RouteRule&, const RouteRule&) = default;
};

/// How far going over to other targets may go for one request.
struct FailoverOptions {
  Nanoseconds time_budget = Seconds(600);  ///< after which nothing more is tried
  std::int64_t max_attempts = 8;           ///< sent to providers, over all targets

  friend bool operator==(const FailoverOptions&, const FailoverOptions&) = default;
};

}  // namespace tidegate::routing
