// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::llm {

/// What a rate-limit header family counts.
enum class LimitDimension : std::uint8_t {
  Requests,
  Tokens,        ///< Anthropic: the most restrictive token limit in force, else input + output; OpenAI: tokens
  InputTokens,
  OutputTokens,
  FastInputTokens,
  FastOutputTokens,
  PriorityInputTokens,
  PriorityOutputTokens,
};
[[nodiscard]] std::string_view to_string(LimitDimension dimension);

/// One family of headers of one answer. A field that was missing, unreadable or negative is absent ("unknown").
struct LimitReading {
  LimitDimension dimension = LimitDimension::Requests;
  std::optional<std::int64_t> limit;      ///< per minute
  std::optional<std::int64_t> remaining;  ///< Anthropic rounds tokens to the nearest thousand
  /// Until *full* replenishment (not until one more request passes), from the moment of the answer: Anthropic's instant less the
  /// answer's own Date header, never less our clock; OpenAI's duration as it is.
  std::optional<Nanoseconds> full_after;

  friend bool operator==(const LimitReading&, const LimitReading&) = default;
};

/// One window of a Claude subscription's unified limits, e.g. name "5h".
struct UnifiedWindow {
  std::string name;
  std::string status;                 ///< allowed, allowed_warning, rejected
  std::optional<double> utilization;  ///< fraction, may exceed 1
  std::optional<WallTime> reset_at;

  friend bool operator==(const UnifiedWindow&, const UnifiedWindow&) = default;
};

/// Everything an answer's head says of limits and of whose they are.
struct RateLimitReading {
  std::vector<LimitReading> limits;  ///< in order of dimension, at most one each
  std::vector<UnifiedWindow> unified;
  std::string organisation;  ///< `anthropic-organization-id` or `openai-organization`; empty if not said
  std::string workspace;     ///< `anthropic-workspace-id`; empty if not said
  std::optional<WallTime> date;            ///< the answer's `Date`
  std::optional<Nanoseconds> retry_after;  ///< `retry-after-ms`, else `retry-after` in seconds or as a date

  [[nodiscard]] const LimitReading* find(LimitDimension dimension) const;
  friend bool operator==(const RateLimitReading&, const RateLimitReading&) = default;
};

}  // namespace tidegate::llm
