// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/rate_limit_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tidegate::sim {

namespace {

enum class Rounding : std::uint8_t { Down, Thousands };

void append_family(std::string& out, std::string_view family, const std::optional<LimitReading>& reading, Rounding rounding,
                   WallTime now) {
  if (!reading) return;
  const std::int64_t remaining = rounding == Rounding::Thousands
                                     ? rounded_tokens(reading->remaining)
                                     : static_cast<std::int64_t>(std::floor(std::max(0.0, reading->remaining)));
  fmt::format_to(std::back_inserter(out), "{0}-limit: {1}\r\n{0}-remaining: {2}\r\n{0}-reset: {3}\r\n", family,
                 std::llround(reading->limit), remaining, to_rfc3339(std::chrono::floor<Seconds>(now + reading->until_full)));
}

void append_openai(std::string& out, std::string_view unit, const std::optional<LimitReading>& reading) {
  if (!reading) return;
  fmt::format_to(std::back_inserter(out),
                 "x-ratelimit-limit-{0}: {1}\r\nx-ratelimit-remaining-{0}: {2}\r\nx-ratelimit-reset-{0}: {3}\r\n", unit,
                 std::llround(reading->limit), static_cast<std::int64_t>(std::floor(std::max(0.0, reading->remaining))),
                 go_duration(reading->until_full));
}

}  // namespace

std::string anthropic_rate_limit_headers(const RateLimitReading& reading, WallTime now) {
  std::string out;
  out.reserve(640);
  append_family(out, "anthropic-ratelimit-requests", reading.requests, Rounding::Down, now);
  append_family(out, "anthropic-ratelimit-tokens", reading.tokens, Rounding::Thousands, now);
  append_family(out, "anthropic-ratelimit-input-tokens", reading.input_tokens, Rounding::Thousands, now);
  append_family(out, "anthropic-ratelimit-output-tokens", reading.output_tokens, Rounding::Thousands, now);
  append_family(out, "anthropic-priority-input-tokens", reading.priority_input_tokens, Rounding::Thousands, now);
  append_family(out, "anthropic-priority-output-tokens", reading.priority_output_tokens, Rounding::Thousands, now);
  append_family(out, "anthropic-fast-input-tokens", reading.fast_input_tokens, Rounding::Thousands, now);
  append_family(out, "anthropic-fast-output-tokens", reading.fast_output_tokens, Rounding::Thousands, now);
  return out;
}

std::string openai_rate_limit_headers(const RateLimitReading& reading) {
  std::string out;
  append_openai(out, "requests", reading.requests);
  append_openai(out, "tokens", reading.tokens);
  return out;
}

std::string go_duration(Nanoseconds duration) {
  std::int64_t milliseconds = std::max<std::int64_t>(0, std::chrono::ceil<Milliseconds>(duration).count());
  if (milliseconds == 0) return "0s";
  if (milliseconds < 1000) return fmt::format("{}ms", milliseconds);
  const std::int64_t hours = milliseconds / 3'600'000;
  const std::int64_t minutes = milliseconds / 60'000 % 60;
  milliseconds %= 60'000;
  std::string seconds = fmt::format("{}", milliseconds / 1000);
  if (milliseconds % 1000 != 0) {
    seconds += fmt::format(".{:03}", milliseconds % 1000);
    while (seconds.back() == '0') seconds.pop_back();
  }
  if (hours > 0) return fmt::format("{}h{}m{}s", hours, minutes, seconds);
  if (minutes > 0) return fmt::format("{}m{}s", minutes, seconds);
  return seconds + "s";
}

std::int64_t retry_after_seconds(Nanoseconds wait) {
  return std::max<std::int64_t>(1, std::chrono::ceil<Seconds>(wait).count());
}

std::int64_t rounded_tokens(double tokens) {
  return std::max<std::int64_t>(0, std::llround(tokens / 1000.0)) * 1000;
}

}  // namespace tidegate::sim
