// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "sim/model/latency.h"
#include "sim/model/random.h"
#include "sim/traffic/plan.h"
#include "sim/traffic/team.h"
#include "sim/traffic/tide.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::sim {

/// One call that the team would have made, and what the simulated provider would have charged.
struct PastCall {
  Nanoseconds at{};           ///< in the tide's time; before 0
  std::string_view endpoint = {};  ///< `messages`, `count_tokens`, `chat_completions`
  std::string_view model = {}, user = {};
  int session = 0;  ///< number of the conversation; 0: none
  bool is_streamed = false;
  std::int64_t input = 0, cache_read = 0, cache_write = 0, output = 0;  ///< tokens
  Nanoseconds first_token{}, duration{};
};

/// The past of the same team by the same tide, without a request being written: who asks, how often, in conversations
/// that grow over a cached prompt. Answers are as long and as slow as the simulator's. The same seed gives the same
/// past.
class PastTraffic {
 public:
  /// From `options.begin`, which is negative, up to 0.
  explicit PastTraffic(const TrafficOptions& options);
  /// The next call; nothing when the beginning is reached.
  [[nodiscard]] std::optional<PastCall> next();

 private:
  struct Conversation {
    int number = 0;
    int turns = 0;
    int last_turn = 0;
  };

  void read_prompt(PastCall& call, std::size_t prompt);
  void turn_code(PastCall& call, std::size_t person);

  Random random_;
  Arrivals arrivals_;
  Team team_;
  LatencyModel latency_;
  int conversations_begun_ = 0;
  std::array<Conversation, kPeople.size()> conversations_{};
  std::array<std::optional<Nanoseconds>, kPeople.size() + 1> cached_{};  ///< when each prompt was last read or written
};

/// `-1500 messages claude-sonnet-5 grace 12 1 830 4100 0 250 600 4800`: milliseconds, endpoint, model, user (`-`:
/// none), number of the conversation, streamed, tokens (input, cache read, cache write, output), milliseconds to the
/// first token and in all.
void append_line(std::string& out, const PastCall& call);

}  // namespace tidegate::sim
