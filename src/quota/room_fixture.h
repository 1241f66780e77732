// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// For tests: a room with time in seconds from its start.
#pragma once

#include "quota/room.h"

#include <gtest/gtest.h>

#include <numeric>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

namespace tidegate::quota {

inline SteadyTime at(double seconds) {
  return SteadyTime(Seconds(1'000)) + std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds));
}

inline Limits limits(std::optional<double> requests, std::optional<double> input = {}, std::optional<double> output = {},
                     std::optional<double> tokens = {}) {
  Limits limits;
  limits[Dimension::Requests] = requests;
  limits[Dimension::Input] = input;
  limits[Dimension::Output] = output;
  limits[Dimension::Tokens] = tokens;
  return limits;
}

inline Readings reading(Dimension d, std::optional<double> limit, std::optional<double> remaining,
                        std::optional<double> full_after_seconds = {}) {
  Readings readings;
  readings[d] = {limit, remaining, full_after_seconds};
  return readings;
}

inline Refusal refusal(RefusalKind kind, std::optional<double> retry_after_seconds = {}, const Readings& readings = {}) {
  return {.kind = kind, .retry_after_seconds = retry_after_seconds, .ramp = {}, .readings = readings};
}

/// 1 … count, or the one of --gtest_random_seed=N: to look at a failure alone.
inline std::vector<unsigned> seeds(unsigned count) {
  if (const int one = GTEST_FLAG_GET(random_seed); one > 0) return {static_cast<unsigned>(one)};
  std::vector<unsigned> all(count);
  std::iota(all.begin(), all.end(), 1U);
  return all;
}

/// Random numbers that are the same with every standard library.
class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  /// 0 … sides - 1
  [[nodiscard]] unsigned roll(unsigned sides) { return static_cast<unsigned>(random_() % sides); }
  [[nodiscard]] bool once_in(unsigned sides) { return roll(sides) == 0; }
  [[nodiscard]] double between(double low, double high) { return low + (high - low) * static_cast<double>(random_()) / 4294967296.0; }
  template <typename T>
  [[nodiscard]] T& one_of(std::vector<T>& all) { return all[roll(static_cast<unsigned>(all.size()))]; }

 private:
  std::mt19937 random_;
};

/// A room of one pool with one key, to begin with.
struct TestRoom {
  explicit TestRoom(const Limits& pool_limits, RoomSettings settings = {}) : room(at(0), settings) { add_pool(pool_limits); }

  std::size_t add_pool(const Limits& pool_limits) {
    const std::size_t bucket = room.add_bucket(at(0));
    room.bucket(bucket).set_limits(at(0), pool_limits);
    return room.add_key(bucket);
  }
  RequestId submit(double time, std::string_view tenant, Priority priority = Priority::Interactive, double may_wait = 60,
                   double max_tokens = 100, std::optional<std::size_t> only_key = {}) {
    return room
        .submit(at(time), {.tenant = tenant, .priority = priority, .body_bytes = 400, .max_tokens = max_tokens,
                           .deadline = at(time + may_wait), .only_key = only_key})
        .value();
  }
  std::vector<Decision> pump(double time) {
    std::vector<Decision> decisions;
    room.pump(at(time), decisions);
    return decisions;
  }
  /// Everything that is decided until `end`, pumping whenever the room asks for it.
  std::vector<Decision> run(double from, double end) {
    std::vector<Decision> decisions;
    room.pump(at(from), decisions);
    while (room.wake_at() && *room.wake_at() <= at(end)) room.pump(*room.wake_at(), decisions);
    room.pump(at(end), decisions);
    return decisions;
  }
  RequestState state(RequestId request) const {
    const WaitingRequest* const found = room.find(request);
    return found ? found->state : RequestState::Free;
  }

  Room room;
};

}  // namespace tidegate::quota
