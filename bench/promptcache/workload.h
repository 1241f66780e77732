// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::promptcache {

enum class Scenario : std::uint8_t {
  AgentLoop,      ///< sessions of 30 to 60 turns behind 18,000 tokens of tools and system that are always the same
  AgentOnce,      ///< one such session of 50 turns, from cold: 50 repeats and no more
  AgentAbsences,  ///< like AgentLoop, but after each fiftieth answer the person is away for 5.5 to 20 minutes
  Rag,            ///< 60 questions with other documents each behind one system prompt
  OneShot,        ///< 200 prompts that have nothing in common
  FanOut,         ///< 8 volleys of 20 requests at once, each with a long prefix of its own
  LongGaps,       ///< 12 prompts, each again after 65 to 180 minutes, which no lifetime bridges
  MediumGaps,     ///< 8 prompts, each again after 8 to 45 minutes, which an hour bridges
  SelfMarked,     ///< agent sessions of a client that sets its marks itself
  Mixed,          ///< agents, RAG, one-shots, volleys and gaps of both kinds at once, of one tenant
};
[[nodiscard]] std::span<const Scenario> all_scenarios();
[[nodiscard]] std::string_view to_string(Scenario scenario);

/// One request of a session.
struct Step {
  Nanoseconds after{};       ///< the end of the answer before it; of the first one: the beginning of the run
  Nanoseconds first_byte{};  ///< from the request
  Nanoseconds length{};      ///< from the request to the answer's end
};

/// Requests of which each waits for the answer to the one before.
struct Session {
  std::vector<Step> steps;
  std::vector<std::string> messages;  ///< of each step: what it adds to `messages`
  std::string head;                   ///< the body up to the first message
  bool marks_itself = false;
  bool is_conversation = false;  ///< a step's messages come behind those of the steps before; else instead of them

  [[nodiscard]] std::string body(std::size_t step) const;
};

/// The same seed gives the same sessions, whatever policy serves them.
[[nodiscard]] std::vector<Session> sessions_of(Scenario scenario, std::string_view model, std::uint64_t seed);

}  // namespace tidegate::promptcache
