// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "sim/model/random.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::sim {

struct TrafficOptions {
  std::uint64_t seed = 1;
  double rate = 3;                              ///< requests a second, in the mean over a tide
  Nanoseconds tide = std::chrono::minutes(10);  ///< from high water to high water
  double swing = 0.6;  ///< the rate at high water is (1 + swing) of the mean, at low water (1 - swing)
};

/// One request that somebody of the team sends.
struct PlannedCall {
  Nanoseconds at{};  ///< since the beginning
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

  void advance();
  [[nodiscard]] std::string session_id();
  [[nodiscard]] std::string words(std::size_t count);
  [[nodiscard]] PlannedCall code_turn(std::size_t person);
  [[nodiscard]] PlannedCall support_answer();
  [[nodiscard]] PlannedCall ci_step();
  [[nodiscard]] PlannedCall evaluation();
  [[nodiscard]] PlannedCall chat();

  TrafficOptions options_;
  Random random_;
  Nanoseconds at_{};
  std::vector<Conversation> conversations_;
  std::vector<std::string>
      prompts_;               ///< system prompts of Claude Code's users and of the bot: long enough to be cached
  int evaluations_left_ = 0;  ///< of the present burst
};

}  // namespace tidegate::sim
