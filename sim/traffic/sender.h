// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/traffic/plan.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace tidegate::sim {

struct SenderOptions {
  std::string url;                      ///< `http://127.0.0.1:8080`
  std::string key = "sk-traffic";       ///< sent as `x-api-key`, to the OpenAI routes as Bearer
  std::optional<Nanoseconds> duration;  ///< absent: until told to stop
  double pace = 1;                      ///< the plan's seconds in one of the machine's
  Nanoseconds begin{0};                 ///< in the plan's time: what is sent at once
  std::size_t max_in_flight = 256;      ///< calls beyond are skipped and counted
};

struct SenderCounts {
  std::uint64_t sent = 0;
  std::uint64_t skipped = 0;
  std::map<int, std::uint64_t> by_status;  ///< 0: no answer came
};

/// Sends the plan's calls at their times, each on a connection of its own, and reads every answer to its end. Returns
/// when the duration is over or SIGTERM or SIGINT comes; what is in flight is then given up. Throws std::runtime_error
/// for a URL that is none.
[[nodiscard]] SenderCounts send_traffic(TrafficPlan plan, const SenderOptions& options);

}  // namespace tidegate::sim
