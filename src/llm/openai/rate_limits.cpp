// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/rate_limits.h"

#include "base/number.h"
#include "llm/limit_fields.h"

namespace tidegate::llm::openai {

namespace {

std::optional<Nanoseconds> read_reset(std::string_view value) {
  // Beyond this a number is no duration but an instant, as some providers write it.
  constexpr double kLongestSeconds = 100'000'000;
  if (const auto seconds = parse_decimal(value)) {
    if (*seconds < 0 || *seconds > kLongestSeconds) return std::nullopt;
    return Nanoseconds(static_cast<std::int64_t>(*seconds * 1e9 + 0.5));
  }
  if (value.empty() || value[0] < '0' || value[0] > '9') return std::nullopt;
  const auto duration = parse_duration(value);
  return duration ? std::optional(*duration) : std::nullopt;
}

void take_limit(std::string_view name, std::string_view value, LimitCollector& limits) {
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) return;
  const std::string_view what = name.substr(0, dash);
  const std::string_view counted = name.substr(dash + 1);
  const bool is_requests = name_is(counted, "requests");
  if (!is_requests && !name_is(counted, "tokens")) return;
  LimitReading& reading = limits.of(is_requests ? LimitDimension::Requests : LimitDimension::Tokens);
  if (name_is(what, "limit")) reading.limit = read_figure(value);
  if (name_is(what, "remaining")) reading.remaining = read_figure(value);
  if (name_is(what, "reset")) reading.full_after = read_reset(value);
}

}  // namespace

RateLimitReading read_rate_limits(HeaderFields fields) {
  RateLimitReading reading;
  LimitCollector limits;
  RetryAfterFields retry_after;
  for (const HeaderField& field : fields) {
    // Most fields of a head are not ours, and the first letter says so.
    const char first = field.name.empty() ? '\0' : to_lower(field.name[0]);
    if (first != 'x' && first != 'o' && first != 'r' && first != 'd') continue;
    std::string_view name = field.name;
    if (take_name_prefix(name, "x-ratelimit-")) {
      take_limit(name, field.value, limits);
    } else if (name_is(name, "openai-organization")) {
      reading.organisation = field.value;
    } else if (name_is(name, "date")) {
      if (const auto date = parse_http_date(field.value)) reading.date = *date;
    } else {
      retry_after.take(name, field.value);
    }
  }
  reading.limits = limits.take();
  reading.retry_after = retry_after.duration(reading.date);
  return reading;
}

}  // namespace tidegate::llm::openai
