// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "sim/model/random.h"
#include "sim/traffic/team.h"
#include "sim/traffic/tide.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::sim {

struct TrafficOptions {
  std::uint64_t seed = 1;
  double rate = 3;  ///< requests a second, in the mean over a tide by day
  Tide tide = {};
  Nanoseconds begin{0};  ///< where in the tide's time the first calls are
};

/// One request that somebody of the team sends.
struct PlannedCall {
  Nanoseconds at{};  ///< in the tide's time
  std::string path;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
};

/// What a team does all day: people in Claude Code sessions that grow turn by turn over a cached prompt, a support bot
/// that streams, a CI job that counts and classifies, an evaluation that comes in bursts, a service of the OpenAI
/// dialect. The same seed gives the same calls on every machine.
class TrafficPlan {
 public:
  explicit TrafficPlan(TrafficOptions options);
  /// The next call; `at` never goes back.
  [[nodiscard]] PlannedCall next();

 private:
  /// One conversation of a Claude Code user.
  struct Conversation {
    std::string session;
    std::string messages;  ///< JSON of the turns so far, without brackets
    int turns = 0;
    int last_turn = 0;
  };

  [[nodiscard]] std::string session_id();
  [[nodiscard]] std::string words(std::size_t count);
  [[nodiscard]] PlannedCall code_turn(std::size_t person);
  [[nodiscard]] PlannedCall support_answer();
  [[nodiscard]] PlannedCall ci_step();
  [[nodiscard]] PlannedCall ci_count();
  [[nodiscard]] PlannedCall evaluation();
  [[nodiscard]] PlannedCall chat();

  Random random_;
  Arrivals arrivals_;
  Team team_;
  std::vector<Conversation> conversations_;
  std::vector<std::string> prompts_;  ///< system prompts of Claude Code's users and of the bot
};

}  // namespace tidegate::sim
