// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/limit_fields.h"

#include "base/number.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>

namespace tidegate::llm {

namespace {

/// Eight characters at once: a name of forty is otherwise forty steps, and an answer has a dozen of them.
std::uint64_t eight_in_lower_case(std::uint64_t word) {
  constexpr std::uint64_t kEach = 0x0101010101010101ULL;
  const std::uint64_t ascii = word & (0x7f * kEach);
  // The high bit of each byte: whether it is at least 'A', and whether it is beyond 'Z'.
  const std::uint64_t from_a = ascii + (0x80 - 'A') * kEach;
  const std::uint64_t beyond_z = ascii + (0x80 - 'Z' - 1) * kEach;
  const std::uint64_t upper = from_a & ~beyond_z & ~word & (0x80 * kEach);
  return word | (upper >> 2);
}

/// Longer than any month; what is beyond it is no waiting time but a mistake.
constexpr std::chrono::days kLongest(400);
constexpr double kLongestSeconds = std::chrono::duration<double>(kLongest).count();

std::optional<Nanoseconds> from_seconds(std::optional<double> seconds) {
  if (!seconds || *seconds < 0 || *seconds > kLongestSeconds) return std::nullopt;
  return Nanoseconds(static_cast<std::int64_t>(*seconds * 1e9 + 0.5));
}

}  // namespace

LowerName::LowerName(std::string_view name) {
  if (name.size() > kLongest) return;
  size_ = name.size();
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= size_; at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, name.data() + at, sizeof word);
    word = eight_in_lower_case(word);
    std::memcpy(text_.data() + at, &word, sizeof word);
  }
  for (; at < size_; ++at) text_[at] = to_lower(name[at]);
}

std::optional<Nanoseconds> time_until(WallTime instant, WallTime date) {
  if (instant <= date) return Nanoseconds(0);
  const auto days = std::chrono::floor<std::chrono::days>(instant) - std::chrono::floor<std::chrono::days>(date);
  return days < kLongest ? std::optional(instant - date) : std::nullopt;
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
  return time_until(*instant, *date);
}

}  // namespace tidegate::llm
