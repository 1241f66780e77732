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

/// Longer than any month; what is beyond it is no waiting time but a mistake.
constexpr std::chrono::days kLongest(400);
constexpr double kLongestSeconds = std::chrono::duration<double>(kLongest).count();

/// The value of eight digits; nothing if one is none. Little-endian, as the journal: the first digit is the lowest
/// byte. Neighbours are joined: digits to pairs, pairs to fours, fours to the whole.
std::optional<std::int64_t> eight_digits(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  constexpr std::uint64_t kHigh = 0xF0F0F0F0F0F0F0F0U;
  constexpr std::uint64_t kZeros = 0x3030303030303030U;
  const std::uint64_t raised = word + 0x0606060606060606U;  // what is above nine leaves the row of the digits
  if ((word & kHigh) != kZeros || (raised & kHigh) != kZeros) return std::nullopt;
  word &= ~kHigh;
  word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FFU;
  word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFFU;
  return static_cast<std::int64_t>((word * 10'000 + (word >> 32)) & 0xFFFFFFFFU);
}

std::optional<Nanoseconds> from_seconds(std::optional<double> seconds) {
  if (!seconds || *seconds < 0 || *seconds > kLongestSeconds) return std::nullopt;
  return Nanoseconds(static_cast<std::int64_t>(*seconds * 1e9 + 0.5));
}

}  // namespace

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
  // Digits that cannot overflow, which is what figures are: there are a dozen in each answer's head.
  constexpr std::size_t kMostDigits = 18;
  std::int64_t figure = 0;
  std::size_t at = 0;
  if (value.size() >= 8) {
    if (const auto eight = eight_digits(value.data())) {
      figure = *eight;
      at = 8;
    }
  }
  for (; at < value.size() && at < kMostDigits && value[at] >= '0' && value[at] <= '9'; ++at) {
    figure = figure * 10 + (value[at] - '0');
  }
  if (at > 0 && at == value.size()) return figure;
  const auto number = parse_integer(value);
  return number && *number >= 0 ? number : std::nullopt;
}

bool RetryAfterFields::take(std::string_view name, std::string_view value) {
  if (name_is(name, "retry-after")) {
    seconds_or_date_ = value;
    return true;
  }
  if (name_is(name, "retry-after-ms")) {
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
