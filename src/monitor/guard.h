// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "monitor/window_row.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::monitor {

/// What `tidegate guard` was told to allow. A limit that is absent is not looked at.
struct GuardLimits {
  Nanoseconds window = Seconds(60);  ///< what the totals were taken over; for the messages
  std::optional<std::int64_t> max_requests = {};
  std::optional<std::int64_t> max_tokens = {};  ///< of all kinds together
  std::optional<double> max_error_ratio = {};   ///< errors ÷ requests, 0…1
  std::optional<double> min_left = {};          ///< remaining ÷ limit, 0…1
};

/// The pool and dimension that has the smallest part of its limit left.
struct SmallestRemaining {
  std::string pool = {};
  std::string dimension = {};  ///< `requests`, `input_tokens` …
  double remaining = 0;
  double limit = 0;  ///< per minute

  [[nodiscard]] double share() const { return limit > 0 ? remaining / limit : 0; }
};

struct Breach {
  enum class Kind : std::uint8_t { Requests, Tokens, Errors, Left };
  Kind kind;
  std::string message;  ///< what was measured and what was allowed, one sentence for people

  friend bool operator==(const Breach&, const Breach&) = default;
};
[[nodiscard]] std::string_view to_string(Breach::Kind kind);

/// Which limits are overstepped, in the order of `Breach::Kind`; none means go on. Exactly at a limit is within it.
/// Without a request there is no error ratio, and without a reading nothing is known to be short: neither is a breach.
[[nodiscard]] std::vector<Breach> evaluate_guard(const WindowTotals& totals, const GuardLimits& limits,
                                                 const std::optional<SmallestRemaining>& smallest_remaining);

}  // namespace tidegate::monitor
