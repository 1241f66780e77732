// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/limit_headers.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace tidegate::llm::openai {

namespace {

/// `.5`, `.25`, `.125`, or nothing.
std::string fraction_of_a_second(std::int64_t milliseconds) {
  if (milliseconds == 0) return {};
  std::string text = std::to_string(1'000 + milliseconds);
  text[0] = '.';
  while (text.back() == '0') text.pop_back();
  return text;
}

/// As Go writes a duration; in whole milliseconds, rounded up.
std::string go_duration(Nanoseconds duration) {
  const std::int64_t milliseconds = std::chrono::ceil<Milliseconds>(duration).count();
  if (milliseconds <= 0) return "0s";
  if (milliseconds < 1'000) return std::to_string(milliseconds) + "ms";
  const std::int64_t seconds = milliseconds / 1'000;
  std::string text;
  if (seconds >= 3'600) text += std::to_string(seconds / 3'600) + "h";
  if (seconds >= 60) text += std::to_string(seconds / 60 % 60) + "m";
  return text + std::to_string(seconds % 60) + fraction_of_a_second(milliseconds % 1'000) + "s";
}

}  // namespace

std::vector<LimitHeader> write_rate_limits(std::span<const LimitReading> limits) {
  std::vector<LimitHeader> headers;
  for (const LimitReading& reading : limits) {
    const bool is_requests = reading.dimension == LimitDimension::Requests;
    if (!is_requests && reading.dimension != LimitDimension::Tokens) continue;
    if (reading.limit) {
      headers.push_back({is_requests ? "x-ratelimit-limit-requests" : "x-ratelimit-limit-tokens",
                         std::to_string(*reading.limit)});
    }
    if (reading.remaining) {
      headers.push_back({is_requests ? "x-ratelimit-remaining-requests" : "x-ratelimit-remaining-tokens",
                         std::to_string(*reading.remaining)});
    }
    if (reading.full_after) {
      headers.push_back({is_requests ? "x-ratelimit-reset-requests" : "x-ratelimit-reset-tokens",
                         go_duration(*reading.full_after)});
    }
  }
  return headers;
}

}  // namespace tidegate::llm::openai
