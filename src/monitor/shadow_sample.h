// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>

namespace tidegate::monitor {

/// How one provider answered a request. Figures and words of closed sets: nothing of prompt or answer is kept.
struct ShadowSide {
  bool ok = false;                                      ///< a good answer, whole
  std::string error_kind = {};                          ///< one word; empty if ok
  std::optional<Nanoseconds> time_to_first_token = {};  ///< from sent to the first byte of a stream's body; absent without a stream
  Nanoseconds total_time{0};                            ///< from sent to the last byte; no time in a queue of ours
  std::int64_t output_tokens = 0;
  std::int64_t output_characters = 0;  ///< of text, tools' arguments included
  Money cost = {};
  std::string stop_reason = {};  ///< in one dialect for both sides
  std::int32_t tool_calls = 0;
  bool tool_calls_valid = true;  ///< the arguments of every call are JSON

  /// From the first token to the last; absent where that is too short a time to tell.
  [[nodiscard]] std::optional<double> tokens_per_second() const {
    if (!time_to_first_token || output_tokens < 2) return std::nullopt;
    const double seconds = std::chrono::duration<double>(total_time - *time_to_first_token).count();
    return seconds < 0.01 ? std::nullopt : std::optional(static_cast<double>(output_tokens) / seconds);
  }
  friend bool operator==(const ShadowSide&, const ShadowSide&) = default;
};

/// One request, as its own provider (`official`) and a second one (`shadow`) answered it.
struct ShadowSample {
  std::string official_provider;
  std::string shadow_provider;
  std::string model;               ///< as requested
  std::uint64_t conversation = 0;  ///< stable_hash of the session; 0: a request by itself
  SteadyTime at{};                 ///< when the pair was complete
  ShadowSide official;
  ShadowSide shadow;

  friend bool operator==(const ShadowSample&, const ShadowSample&) = default;
};

}  // namespace tidegate::monitor
