// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/rate_meter.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tidegate::quota {

namespace {

constexpr double kNanosecondsPerMinute = 60e9;

}  // namespace

void RateMeter::set_limit(std::optional<std::int64_t> per_minute, SteadyTime now) {
  if (per_minute == limit_) return;
  const auto next = static_cast<double>(per_minute.value_or(0));
  const bool was_limited = limit_.value_or(0) > 0;
  level_ = was_limited ? level(now) / static_cast<double>(*limit_) * next : next;
  limit_ = per_minute;
  at_ = now;
}

double RateMeter::level(SteadyTime now) const {
  const auto limit = static_cast<double>(limit_.value_or(0));
  const auto passed = static_cast<double>(std::max(now - at_, Nanoseconds(0)).count());
  return std::min(limit, level_ + passed * limit / kNanosecondsPerMinute);
}

Nanoseconds RateMeter::time_for(double missing) const {
  if (missing <= 0) return Nanoseconds(0);
  const auto limit = static_cast<double>(*limit_);
  constexpr double kLongest = 1e17;  // three years
  if (limit <= 0) return Nanoseconds::max();
  return Nanoseconds(static_cast<std::int64_t>(std::ceil(std::min(kLongest, missing / limit * kNanosecondsPerMinute))));
}

Nanoseconds RateMeter::wait(double amount, SteadyTime now) const {
  if (!limit_ || amount <= 0) return Nanoseconds(0);
  if (*limit_ <= 0) return Nanoseconds::max();
  return time_for(std::min(amount, static_cast<double>(*limit_)) - level(now));
}

void RateMeter::take(double amount, SteadyTime now) {
  if (!limit_) return;
  level_ = std::min(level(now) - amount, static_cast<double>(*limit_));
  at_ = std::max(at_, now);
}

std::int64_t RateMeter::remaining(SteadyTime now) const {
  return static_cast<std::int64_t>(std::floor(std::max(level(now), 0.0)));
}

Nanoseconds RateMeter::full_after(SteadyTime now) const {
  if (!limit_) return Nanoseconds(0);
  return time_for(static_cast<double>(*limit_) - level(now));
}

}  // namespace tidegate::quota
