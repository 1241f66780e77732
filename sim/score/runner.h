// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/score/plan.h"
#include "sim/score/statistics.h"

#include <map>
#include <string>
#include <vector>

namespace tidegate::sim {

struct ScoreRunOptions {
  std::string url;                          ///< of the gateway, `http://127.0.0.1:8080`
  std::string control;                      ///< of the simulator, for what it counted; empty: not asked
  std::string key = "sk-score";             ///< sent as `x-api-key`
  std::map<std::string, std::string, std::less<>> tenant_keys;  ///< in its place, by tenant
  std::string path = "/v1/messages";
  double speed = 1;  ///< arrivals times, times divided by this
};

/// Sends the plan in real time, each request by a client like an SDK on connections of its own, and waits until each
/// has ended. SIGTERM and SIGINT end it early: what is unanswered then is left out. Throws std::exception for a URL
/// that is none, and where the simulator's counts cannot be read.
[[nodiscard]] Score run_score(const ScorePlanOptions& plan, const ScoreRunOptions& options);

}  // namespace tidegate::sim
