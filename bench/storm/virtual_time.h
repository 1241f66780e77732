// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstdint>
#include <queue>
#include <vector>

namespace tidegate::storm {

/// The storm begins here, at midnight UTC: minutes of the wall clock begin with minutes of the run.
inline constexpr SteadyTime kBegin{std::chrono::hours(24)};
inline constexpr WallTime kWallBegin{std::chrono::sys_days{std::chrono::January / 5 / 2026}};

[[nodiscard]] inline Nanoseconds nanoseconds(double seconds) {
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds));
}
[[nodiscard]] inline double seconds(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }
[[nodiscard]] inline Now now_at(SteadyTime time) { return {time, kWallBegin + (time - kBegin)}; }

enum class EventKind : std::uint8_t {
  Arrival,         ///< a tenant sends a new request; subject: the tenant
  Drop,            ///< a tenant sends a whole pile
  Retry,           ///< an SDK sends a request again; subject: the request
  Timeout,         ///< an SDK has waited too long for a head
  Received,        ///< the provider has the request; subject: the exchange
  Begun,           ///< the provider begins its answer
  Produced,        ///< another second of output
  Refused,         ///< the gateway learns that the provider refused
  Head,            ///< the gateway sees the head
  Chunk,           ///< the gateway sees output
  End,             ///< the gateway sees the end
  Wake,            ///< the policy asked for it
  Foreign,         ///< somebody else uses the organisation; subject: the organisation
  LimitsChange,
  Sample,
};

struct Event {
  SteadyTime at;
  std::uint64_t number = 0;  ///< of equal times the first made comes first
  EventKind kind = EventKind::Wake;
  std::uint32_t subject = 0;
  std::uint32_t detail = 0;

  friend bool operator>(const Event& a, const Event& b) { return a.at != b.at ? a.at > b.at : a.number > b.number; }
};

/// What will happen, in order.
class Agenda {
 public:
  void add(SteadyTime at, EventKind kind, std::uint32_t subject = 0, std::uint32_t detail = 0) {
    events_.push({at, next_++, kind, subject, detail});
  }
  [[nodiscard]] bool empty() const { return events_.empty(); }
  [[nodiscard]] Event take() {
    const Event first = events_.top();
    events_.pop();
    return first;
  }

 private:
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t next_ = 0;
};

}  // namespace tidegate::storm
