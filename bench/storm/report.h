// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "bench/storm/virtual_time.h"
#include "bench/storm/workload.h"
#include "quota/flow.h"

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace tidegate::storm {

/// How a request ended.
enum class Outcome : std::uint8_t {
  Answered,  ///< by the pooled keys
  Spare,     ///< sent to the spare channel
  Refused,   ///< the SDK gave up after a 429
  Failed,    ///< the SDK gave up after another error, or after 600 s without a head
};

/// Start delays of one class of requests, seconds: from the first attempt of the client to the provider's admission.
struct Delays {
  double p50 = 0, p95 = 0, p99 = 0;
};

/// What a run came to. Shares are percent of the requests that were sent while it was measured.
struct Report {
  std::size_t requests = 0;
  double client_429 = 0;            ///< saw a 429 at least once
  double failures = 0;              ///< in the end unanswered
  double upstream_429_per_100 = 0;  ///< refusals of the provider, also those that no client saw
  double upstream_529_per_100 = 0;
  double utilisation = 0;           ///< percent of the binding dimension's refill, as the limits were at the start
  double waste_while_waiting = 0;   ///< percent of that refill lost to full buckets while a request waited
  double idle_while_waiting = 0;    ///< percent of that time in which an organisation had every bucket full
  Delays interactive, batch;
  double fallback_requests = 0, fallback_tokens = 0;
  double fairness = 0;              ///< of the batch tenants the best served over the worst served
  std::size_t deadline_misses = 0;  ///< still undecided 50 ms after the deadline
  std::size_t stuck = 0;            ///< requests without an end, places and holds that were never given back
  std::vector<std::uint32_t> requests_of_minute, client_429_of_minute;
};

/// Collects while a world runs.
struct Measures {
  std::size_t requests = 0, saw_429 = 0, refused = 0, failed = 0, spare = 0;
  double tokens = 0, spare_tokens = 0;
  std::size_t upstream_429 = 0, upstream_529 = 0, deadline_misses = 0;
  std::array<double, kTenants.size()> service{};  ///< seconds of the pools
  std::array<std::vector<float>, 2> delays;       ///< by priority
  double samples_while_waiting = 0, full_while_waiting = 0, idle_while_waiting = 0;  ///< of organisations
  std::vector<std::uint32_t> requests_of_minute, client_429_of_minute;
};

/// `measured` becomes a report; utilisation and stuck state are the world's to add.
[[nodiscard]] Report summarise(Measures measures);

/// One line of JSON.
[[nodiscard]] std::string to_json(const Report& report, std::string_view scenario, std::string_view policy, std::uint64_t seed);

}  // namespace tidegate::storm
