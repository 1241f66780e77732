// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "bench/storm/policy.h"
#include "sim/model/random.h"

#include <vector>

namespace tidegate::storm {

/// No gateway: every tenant has a key of its own, and its SDK's retries. Also `RoundRobin`: the keys in turns. Both pass a refusal on.
class PassOn final : public Policy {
 public:
  enum class Choice : std::uint8_t { ByTenant, InTurns };
  PassOn(const Surroundings& surroundings, Choice choice) : surroundings_(surroundings), choice_(choice) {}

  void arrive(SteadyTime now, CallId call, const Call& what) override;
  void refused(SteadyTime now, CallId call, std::size_t key, const Turned& refusal) override;

 private:
  Surroundings surroundings_;
  Choice choice_;
  std::size_t next_ = 0;
};

/// LiteLLM's default: a random key of those that were not refused in the last 5 s; two more attempts after a refusal.
class Cooldown final : public Policy {
 public:
  explicit Cooldown(const Surroundings& surroundings);

  void arrive(SteadyTime now, CallId call, const Call& what) override;
  void refused(SteadyTime now, CallId call, std::size_t key, const Turned& refusal) override;

 private:
  static constexpr double kCooldown = 5;
  static constexpr int kRetries = 2;
  [[nodiscard]] bool send(SteadyTime now, CallId call);

  Surroundings surroundings_;
  sim::Random random_;
  std::vector<SteadyTime> cooled_until_;  ///< by key
  std::vector<int> retries_;              ///< left, by call
};

/// LiteLLM's usage-based routing: the key with the fewest tokens in this calendar minute, as completed answers tell; refuses by itself
/// where every key is at its limit.
class LeastUsed final : public Policy {
 public:
  explicit LeastUsed(const Surroundings& surroundings);

  void arrive(SteadyTime now, CallId call, const Call& what) override;
  void refused(SteadyTime now, CallId call, std::size_t key, const Turned& refusal) override;
  void head(SteadyTime now, CallId call, const Head& head) override;
  void produced(SteadyTime now, CallId call, double tokens) override;
  void ended(SteadyTime now, CallId call) override;

 private:
  struct Minute {
    std::int64_t number = -1;
    double requests = 0, tokens = 0;
  };
  struct Running {
    std::size_t key = 0;
    double tokens = 0;
  };
  [[nodiscard]] Minute& minute_of(SteadyTime now, std::size_t key);

  Surroundings surroundings_;
  std::vector<Minute> minutes_;  ///< by key
  std::vector<Running> running_; ///< by call
};

}  // namespace tidegate::storm
