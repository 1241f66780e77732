// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "bench/storm/provider.h"
#include "quota/dimension.h"
#include "quota/flow.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::storm {

/// A request that a client has sent and that is not answered yet. A client sends one again only after it was refused.
using CallId = std::uint32_t;

struct Call {
  std::size_t tenant = 0;  ///< in `kTenants`
  quota::Priority priority = quota::Priority::Interactive;
  double body_bytes = 0;
  SteadyTime deadline{};  ///< until when it may wait
  Size exact;             ///< only the clairvoyant looks
};

/// What the gateway sees of an answer before its text.
struct Head {
  quota::Readings readings;
  std::size_t organisation = 0;  ///< as its id in the head tells
  double counted_input = 0;      ///< of the first event of the stream
};

/// What a policy can do with a call.
class Desk {
 public:
  virtual ~Desk() = default;
  virtual void send(CallId call, std::size_t key) = 0;
  /// To the spare channel. Only where there is one.
  virtual void fall_back(CallId call) = 0;
  virtual void refuse(CallId call, int status, std::optional<double> retry_after_seconds) = 0;
  /// Asks for `woken` at `at`; an earlier wish stands.
  virtual void wake(SteadyTime at) = 0;
};

/// What stands between the clients and the keys.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual void arrive(SteadyTime now, CallId call, const Call& what) = 0;
  virtual void refused(SteadyTime now, CallId call, std::size_t key, const Turned& refusal) = 0;
  virtual void head(SteadyTime, CallId, const Head&) {}
  virtual void produced(SteadyTime, CallId, double /*tokens*/) {}
  virtual void ended(SteadyTime, CallId) {}
  /// The client has gone away.
  virtual void left(SteadyTime, CallId) {}
  virtual void woken(SteadyTime) {}
  [[nodiscard]] virtual std::size_t waiting() const { return 0; }
  /// What is still held when nothing is going on any more; must be 0.
  [[nodiscard]] virtual std::size_t stuck() const { return 0; }
};

enum class PolicyKind : std::uint8_t { Tidegate, Clairvoyant, None, RoundRobin, Cooldown, LeastUsed };
[[nodiscard]] std::string_view to_string(PolicyKind kind);
[[nodiscard]] std::optional<PolicyKind> policy_kind(std::string_view name);

/// What a policy is told of the world before it begins.
struct Surroundings {
  Desk& desk;
  std::vector<std::unique_ptr<Provider>>& providers;  ///< only the clairvoyant looks into them
  std::vector<std::size_t> organisation_of_key;
  bool knows_organisations = true;  ///< false: keys look like organisations of their own until a head tells
  bool knows_limits = true;
  bool has_fallback = true;
  std::uint64_t seed = 1;
};

[[nodiscard]] std::unique_ptr<Policy> make_policy(PolicyKind kind, const Surroundings& surroundings);

}  // namespace tidegate::storm
