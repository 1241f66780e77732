// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "sim/model/random.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::sim {

enum class ScoreClass : std::uint8_t { Interactive, Batch };
inline constexpr std::size_t kScoreClasses = 2;

[[nodiscard]] std::string_view to_string(ScoreClass kind);

/// Two interactive tenants send 60 % of the requests; of the batch tenants the last wants three times as much as each
/// other.
struct ScoreTenant {
  std::string_view name;
  ScoreClass kind;
  double share;  ///< of all requests
};
inline constexpr std::array kScoreTenants{
    ScoreTenant{"anna", ScoreClass::Interactive, 0.30}, ScoreTenant{"bert", ScoreClass::Interactive, 0.30},
    ScoreTenant{"crawl", ScoreClass::Batch, 0.08},      ScoreTenant{"digest", ScoreClass::Batch, 0.08},
    ScoreTenant{"embed", ScoreClass::Batch, 0.24},
};

/// Times as at speed 1.
struct ScorePlanOptions {
  std::uint64_t seed = 1;
  double rate = 3;        ///< requests a second in the mean, without the pile: 0.6 of three organisations of `storm_c`
  double duration = 900;  ///< seconds in which requests are sent
  double pile_at = 300;   ///< seconds; the last batch tenant sends a pile within 0.7 s. Negative: never
  std::size_t pile = 700;
  std::string model = "claude-sonnet-5";
};

/// One request of the plan. Its body is made when it is sent, so that a plan stays small.
struct ScoreRequest {
  double at = 0;  ///< seconds since the beginning, at speed 1
  std::size_t tenant = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;  ///< that the simulator shall answer with
};

/// The storm S1: five tenants, each Poisson with bursts (eight times as fast for about 20 s in about every 300 s, each
/// for itself), lognormal sizes, and the pile. In order of time; the same for the same seed on every machine.
[[nodiscard]] std::vector<ScoreRequest> make_score_plan(const ScorePlanOptions& options);

/// A streamed `/v1/messages` body of about four bytes a token of input, unlike every other request's, so that no cache
/// helps.
[[nodiscard]] std::string score_body(const ScoreRequest& request, std::string_view model, std::size_t number);

}  // namespace tidegate::sim
