// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "bench/storm/virtual_time.h"
#include "bench/storm/workload.h"
#include "quota/dimension.h"
#include "sim/model/latency.h"
#include "sim/model/organisation.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace tidegate::storm {

struct ProviderSettings {
  sim::GroupLimits limits;
  double estimate_error = 0.03;  ///< of the input, at admission; trued when the answer begins
  bool sends_headers = true;
  bool is_overloaded_at_times = false;  ///< for 15 s in every 20 minutes half of the requests get a 529
};

struct Taken {
  std::uint64_t ticket = 0;
  Nanoseconds first_token{};
};
struct Turned {
  int status = 429;
  std::optional<double> retry_after_seconds;
  std::string message;
  quota::Readings readings;
};

/// One organisation at a provider, in virtual time, and what it was used for.
class Provider {
 public:
  /// `measured_from`, `measured_until`: what is charged in between counts as used.
  Provider(const ProviderSettings& settings, SteadyTime measured_from, SteadyTime measured_until, std::uint64_t seed);

  [[nodiscard]] std::variant<Taken, Turned> receive(SteadyTime now, double input);
  /// The answer begins: its head as it leaves, with the levels as they were at admission.
  [[nodiscard]] quota::Readings begin(SteadyTime now, std::uint64_t ticket, double input);
  void produce(SteadyTime now, std::uint64_t ticket, double output);
  void finish(SteadyTime now, std::uint64_t ticket);

  void set_limits(SteadyTime now, const sim::GroupLimits& limits);
  [[nodiscard]] const sim::GroupLimits& limits() const { return settings_.limits; }
  /// The true levels.
  [[nodiscard]] sim::RateLimitReading levels(SteadyTime now) { return organisation_.reading(now_at(now), kGroup); }
  /// Charged while it was measured.
  [[nodiscard]] double used(quota::Dimension dimension) const { return used_[dimension]; }

 private:
  static constexpr std::string_view kGroup = "opus";
  struct Open {
    double charged_input = 0;
    sim::RateLimitReading reading;
    SteadyTime admitted_at{};
  };

  void use(SteadyTime now, quota::Dimension dimension, double amount) {
    if (now >= measured_from_ && now < measured_until_) used_[dimension] += amount;
  }
  [[nodiscard]] bool is_overloaded(SteadyTime now);
  [[nodiscard]] quota::Readings headers(const sim::RateLimitReading& reading, SteadyTime read_at, SteadyTime sent_at) const;

  ProviderSettings settings_;
  SteadyTime measured_from_, measured_until_;
  sim::Organisation organisation_;
  sim::LatencyModel latency_;
  sim::Random random_;
  std::unordered_map<std::uint64_t, Open> open_;
  quota::PerDimension<double> used_;
};

/// The dimension that the mix exhausts first.
[[nodiscard]] quota::Dimension binding_dimension(const sim::GroupLimits& limits);
[[nodiscard]] double limit_of(const sim::GroupLimits& limits, quota::Dimension dimension);
[[nodiscard]] quota::Limits limits_of(const sim::GroupLimits& limits);

}  // namespace tidegate::storm
