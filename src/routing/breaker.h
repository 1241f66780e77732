// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstdint>
#include <string_view>

namespace tidegate::routing {

/// Whether a provider's endpoint is asked at all. A quota is not health: what a provider refuses for want of capacity does not count
/// here, only what it does not answer, or answers with a 5xx of its own. Opens after five failures in a row, or when half of the last
/// ones failed; comes back by probe, one request at a time, never by time alone. Pure; time is an argument.
class Breaker {
 public:
  enum class State : std::uint8_t {
    Closed,    ///< asked as ever
    Open,      ///< not asked
    HalfOpen,  ///< one request may look
  };

  /// Whether a request may go there now. In HalfOpen that request is the probe: until it has ended, or 10 s have passed, no other.
  [[nodiscard]] bool may_go(SteadyTime now);
  void succeeded(SteadyTime now);
  void failed(SteadyTime now);

  [[nodiscard]] State state() const { return state_; }
  /// When an open one lets a probe through.
  [[nodiscard]] SteadyTime opens_at() const { return probe_at_; }

 private:
  void open(SteadyTime now);

  State state_ = State::Closed;
  int row_ = 0;               ///< failures since the last success
  double failures_ = 0, all_ = 0;  ///< of late, older ones fading
  SteadyTime faded_at_{};
  Nanoseconds pause_{0};
  SteadyTime probe_at_{};
};
[[nodiscard]] std::string_view to_string(Breaker::State state);

}  // namespace tidegate::routing
