// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "monitor/shadow_sampler.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::monitor {

/// What became of copies since the process began.
struct ShadowCounts {
  /// Copies that one provider has answered.
  struct Answered {
    std::string provider;
    std::int64_t good = 0;
    std::int64_t failed = 0;
    Money cost;
  };
  std::vector<Answered> answered;  ///< by provider
  /// Answers of the gate, by decision; `Send` is what was sent.
  std::array<std::int64_t, kShadowDecisions> decided{};
  std::uint64_t dropped = 0;  ///< pairs that are missing in the report
  std::size_t running = 0;
  Money spent_today;  ///< in UTC; earlier runs of today included

  [[nodiscard]] std::int64_t of(ShadowDecision decision) const { return decided[static_cast<std::size_t>(decision)]; }
};

/// Reasons for which a request of the sample is not copied.
inline constexpr std::array kShadowRefusals{ShadowDecision::Starting, ShadowDecision::Headroom, ShadowDecision::Budget,
                                            ShadowDecision::Minute, ShadowDecision::Concurrency};

}  // namespace tidegate::monitor
