// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "bench/storm/virtual_time.h"
#include "quota/flow.h"
#include "sim/model/limits.h"
#include "sim/model/random.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tidegate::storm {

/// Two interactive tenants send 60 % of the requests; of the batch tenants the last wants three times as much as each other.
struct Tenant {
  std::string_view name;
  quota::Priority priority;
  double share;  ///< of all requests
};
inline constexpr std::array kTenants{
    Tenant{"anna", quota::Priority::Interactive, 0.30}, Tenant{"bert", quota::Priority::Interactive, 0.30},
    Tenant{"crawl", quota::Priority::Batch, 0.08},      Tenant{"digest", quota::Priority::Batch, 0.08},
    Tenant{"embed", quota::Priority::Batch, 0.24},
};
inline constexpr double kMaxTokens = 4096;

/// How large one request turns out to be.
struct Size {
  double input = 0, output = 0;  ///< tokens
  double body_bytes = 0;
};

enum class Shape : std::uint8_t {
  Steady,  ///< Poisson
  Bursty,  ///< Poisson, eight times as fast for about 20 s in about every 300 s, each tenant for itself
  Day,     ///< bursty, and little at night: 24 h from midnight
};

/// The share of the day's peak at an hour of the day, 0 … 24.
[[nodiscard]] double share_of_peak(double hour);

/// When a tenant sends requests, and how large they are. Seeded; what happens to the requests changes nothing in it.
class Source {
 public:
  /// `rate`: mean requests per second over the `length` of the run, in seconds, however much of it the bursts take; of a day: at its
  /// peak. `size_sigma`: of the logarithm of tokens per byte, which makes input hard to estimate.
  Source(const Tenant& tenant, Shape shape, double rate, double length, double size_sigma, std::uint64_t seed);

  [[nodiscard]] SteadyTime next(SteadyTime after);
  [[nodiscard]] Size size();

 private:
  [[nodiscard]] double exponential(double mean) { return -mean * std::log(1.0 - times_.uniform()); }

  Tenant tenant_;
  Shape shape_;
  double calm_rate_, size_sigma_;
  sim::Random times_, sizes_;
  std::vector<SteadyTime> turns_;  ///< where bursts begin and end, in turns
  std::size_t turn_ = 0;           ///< the next one
};

/// Mean tokens of a request of the mix; output as `max_tokens` cuts it.
[[nodiscard]] double mean_input();
[[nodiscard]] double mean_output();
[[nodiscard]] double mean_output(quota::Priority priority);
/// Requests per second of the mix that an organisation with these limits serves in the long run.
[[nodiscard]] double capacity(const sim::GroupLimits& limits);

/// One request of `priority`.
[[nodiscard]] Size draw_size(quota::Priority priority, double size_sigma, sim::Random& random);

}  // namespace tidegate::storm
