// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "bench/storm/workload.h"
#include "sim/model/limits.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::storm {

/// What is put to a policy. Times in seconds.
struct Scenario {
  std::string name;                ///< `s4_b_3_0.95`
  sim::GroupLimits limits;         ///< of each organisation
  std::size_t organisations = 3;
  std::size_t keys_each = 1;
  double load = 0.95;              ///< of what the organisations serve in the long run
  Shape shape = Shape::Bursty;
  double length = 4 * 3600;
  double warm_up = 600;            ///< not measured

  bool has_fallback = true;
  double interactive_budget = 15;  ///< how long a request may wait
  double batch_budget = 300;

  double drop_at = 0;              ///< a batch tenant sends a pile of requests within 0.7 s
  std::size_t drop_requests = 0;

  double delay_min = 0.015, delay_max = 0.035;  ///< one way
  double size_sigma = 0.15;        ///< how well bytes tell tokens
  bool streams = true;             ///< false: heads and bodies come when the whole answer is there
  bool knows_limits = true;
  bool knows_organisations = true;
  bool sends_headers = true;
  bool is_overloaded_at_times = false;
  double foreign_load = 0;         ///< of each organisation's capacity, used by somebody else
  std::optional<double> limits_factor_from_half;  ///< limits change in the middle of the run
};

/// All cells of a group: `s1`, `s2`, `s3`, `s4`, `s6`, `s7`, `day`. Empty: no such group.
[[nodiscard]] std::vector<Scenario> scenarios(std::string_view group);
/// One cell by its name.
[[nodiscard]] std::optional<Scenario> scenario(std::string_view name);
[[nodiscard]] std::vector<Scenario> all_scenarios();

}  // namespace tidegate::storm
