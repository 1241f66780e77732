// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/limit_fields.h"

#include "base/number.h"

#include <algorithm>

namespace tidegate::llm {

namespace {

/// Longer than any month; what is beyond it is no waiting time but a mistake.
constexpr double kLongestSeconds = 400.0 * 86'400.0;

std::optional<Nanoseconds> from_seconds(std::optional<double> seconds) {
  if (!seconds || *seconds < 0 || *seconds > kLongestSeconds) return std::nullopt;
  return Nanoseconds(static_cast<std::int64_t>(*seconds * 1e9 + 0.5));
}

}  // namespace

LowerName::LowerName(std::string_view name) {
  if (name.size() > kLongest) return;
  size_ = name.size();
  std::transform(name.begin(), name.end(), text_.begin(), to_lower);
}

LimitReading& LimitCollector::of(LimitDimension dimension) {
  const auto index = static_cast<std::size_t>(dimension);
  touched_[index] = true;
  readings_[index].dimension = dimension;
  return readings_[index];
}

std::vector<LimitReading> LimitCollector::take() const {
  std::vector<LimitReading> known;
  const auto knows_something = [](const LimitReading& reading) {
    return reading.limit || reading.remaining || reading.full_after;
  };
  known.reserve(static_cast<std::size_t>(std::count(touched_.begin(), touched_.end(), true)));
  for (std::size_t i = 0; i < kDimensions; ++i) {
    if (touched_[i] && knows_something(readings_[i])) known.push_back(readings_[i]);
  }
  return known;
}

std::optional<std::int64_t> read_figure(std::string_view value) {
  const auto number = parse_integer(value);
  return number && *number >= 0 ? number : std::nullopt;
}

bool RetryAfterFields::take(std::string_view lower_name, std::string_view value) {
  if (lower_name == "retry-after") {
    seconds_or_date_ = value;
    return true;
  }
  if (lower_name == "retry-after-ms") {
    milliseconds_ = value;
    return true;
  }
  return false;
}

std::optional<Nanoseconds> RetryAfterFields::duration(std::optional<WallTime> date) const {
  if (const auto milliseconds = parse_decimal(milliseconds_)) {
    if (const auto duration = from_seconds(*milliseconds / 1000)) return duration;
  }
  if (seconds_or_date_.empty()) return std::nullopt;
  if (const auto seconds = parse_decimal(seconds_or_date_)) return from_seconds(seconds);
  if (!date) return std::nullopt;
  const auto instant = parse_http_date(seconds_or_date_);
  if (!instant) return std::nullopt;
  return std::max(*instant - *date, Nanoseconds(0));
}

}  // namespace tidegate::llm
