// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate {

using Nanoseconds = std::chrono::nanoseconds;
using Microseconds = std::chrono::microseconds;
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

/// Monotonic time, for durations, deadlines and buckets; means nothing outside this process.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Nanoseconds>;
/// Wall time, UTC, for what people and ledgers read; may jump.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Nanoseconds>;

/// One instant, read once and handed down: a decision never reads a clock itself.
struct Now {
  SteadyTime steady;
  WallTime wall;

  friend bool operator==(const Now&, const Now&) = default;
};

/// Port to the clock. `base/system_clock.cpp` reads the real one; tests set theirs by hand.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Now now() const = 0;
};

/// The machine's clocks. Any thread.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Now now() const override;
};

/// A clock that moves only when told to. One thread.
class ManualClock final : public Clock {
 public:
  ManualClock();
  [[nodiscard]] Now now() const override { return now_; }
  /// Moves both clocks forward.
  void advance(Nanoseconds by);
  /// Moves the wall clock alone, as an administrator or NTP would.
  void set_wall(WallTime wall) { now_.wall = wall; }

 private:
  Now now_;
};

/// `2026-11-23T10:15:30Z`; with milliseconds where they are not zero (`…30.250Z`). RFC 3339, UTC.
[[nodiscard]] std::string to_rfc3339(WallTime time);
/// Reads RFC 3339 with `Z` or an offset and up to nine fractional digits. Failure: InvalidInput.
[[nodiscard]] Result<WallTime> parse_rfc3339(std::string_view text);
/// Reads an HTTP `Date` in IMF-fixdate form (`Sun, 06 Nov 1994 08:49:37 GMT`, RFC 9110 5.6.7). Failure: InvalidInput.
[[nodiscard]] Result<WallTime> parse_http_date(std::string_view text);
/// IMF-fixdate of `time`.
[[nodiscard]] std::string to_http_date(WallTime time);

/// Reads `250ms`, `30s`, `5m`, `1h30m`, `2d`; a bare number is refused, because its unit would be a guess. Failure: InvalidInput.
[[nodiscard]] Result<Nanoseconds> parse_duration(std::string_view text);
/// Shortest exact form that `parse_duration` reads back: `1h30m`, `250ms`, `0s`. Below a microsecond is dropped.
[[nodiscard]] std::string to_text(Nanoseconds duration);

/// Nanoseconds since 1970-01-01T00:00:00Z.
[[nodiscard]] inline std::int64_t unix_nanoseconds(WallTime time) { return time.time_since_epoch().count(); }
[[nodiscard]] inline WallTime wall_time_from_unix_nanoseconds(std::int64_t nanoseconds) {
  return WallTime(Nanoseconds(nanoseconds));
}

}  // namespace tidegate
