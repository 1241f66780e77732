// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "quota/bucket.h"
#include "quota/dimension.h"
#include "quota/priority.h"
#include "quota/queue_sums.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace tidegate::quota {

/// A request in a room. A number that was given back to the room does not name the next request in its place.
struct RequestId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  friend bool operator==(const RequestId&, const RequestId&) = default;
};

enum class RequestState : std::uint8_t { Free, Queued, Delayed, Flying };

/// One request as the room keeps it.
struct WaitingRequest {
  RequestState state = RequestState::Free;
  std::uint32_t generation = 0;
  std::uint32_t flow = 0;
  Need need;
  double body_bytes = 0;
  double cost = 0;  ///< seconds of the whole room's refill
  double counted_input = -1;
  SteadyTime submitted_at{}, deadline{};
  std::optional<std::size_t> preferred_key;
  std::optional<std::size_t> only_key;  ///< that its route names
  std::optional<std::size_t> tied_to;   ///< a key of the pool that made what it speaks of
  std::size_t bucket = 0, key = 0;      ///< while flying
  Flight flight;
  int attempts = 0;      ///< failed so far
  SteadyTime again_at{};  ///< while delayed
  int tests = 0;         ///< how often the wait was foretold
  std::uint32_t before = 0, after = 0;  ///< neighbours in the queue
  std::uint64_t place = 0;              ///< in it, if the flow counts places
};
inline constexpr std::uint32_t kNobody = 0xFFFFFFFF;

/// The requests of one tenant and priority, first come first served, and its share of the room: a virtual time that runs at
/// cost ÷ weight (virtual token counters; Sheng et al. 2024).
struct Flow {
  std::uint32_t tenant = 0;
  Priority priority = Priority::Interactive;
  double weight = 1;
  double virtual_time = 0;
  std::uint32_t head = kNobody, tail = kNobody;
  std::size_t waiting = 0;
  PerDimension<double> queued;  ///< what those waiting need together
  double queued_cost = 0;
  std::unique_ptr<QueueSums> sums;  ///< of a long queue whose places were asked for
};

/// Adds to a flow's queue and takes out of its middle in constant time.
void push_back(Flow& flow, std::vector<WaitingRequest>& requests, std::uint32_t slot);
void push_front(Flow& flow, std::vector<WaitingRequest>& requests, std::uint32_t slot);
void unlink(Flow& flow, std::vector<WaitingRequest>& requests, std::uint32_t slot);

/// Those of a queue that stand before a request.
struct Ahead {
  PerDimension<double> need;
  double cost = 0;
  std::size_t requests = 0;
};
/// In constant time for the last one, in logarithmic time after `number_places`; else one by one.
[[nodiscard]] Ahead ahead_of(const Flow& flow, const std::vector<WaitingRequest>& requests, std::uint32_t slot);
/// Counts the places of a long queue from now on, until it is short again.
void number_places(Flow& flow, std::vector<WaitingRequest>& requests);

/// What a request takes of each dimension on average; the figures that queues are summed up in.
[[nodiscard]] PerDimension<double> mean_need(const Need& need);

}  // namespace tidegate::quota
