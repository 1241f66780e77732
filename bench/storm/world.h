// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "bench/storm/policy.h"
#include "bench/storm/provider.h"
#include "bench/storm/report.h"
#include "bench/storm/scenario.h"
#include "bench/storm/virtual_time.h"
#include "bench/storm/workload.h"

#include <memory>
#include <optional>
#include <vector>

namespace tidegate::storm {

/// Clients, network, policy and providers on one virtual clock. The same scenario, policy and seed give the same report.
class World final : private Desk {
 public:
  World(const Scenario& scenario, PolicyKind policy, std::uint64_t seed);
  [[nodiscard]] Report run();

 private:
  struct Request {
    Size size;
    std::uint32_t tenant = 0;
    std::uint32_t attempt = 0;      ///< of the SDK; also tells old events from new ones
    SteadyTime sent_at{};           ///< the first time
    SteadyTime deadline{};          ///< of this attempt
    std::optional<SteadyTime> started_at{};
    bool is_open = true;            ///< an attempt is with the gateway
    bool has_head = false;
    bool is_decided = false;        ///< sent at least once in this attempt
    bool saw_429 = false;
    bool is_done = false;
  };
  struct Exchange {
    CallId call = 0;
    std::uint32_t attempt = 0;
    std::size_t key = 0, organisation = 0;
    double input = 0, output = 0, produced = 0;
    std::uint64_t ticket = 0;
    quota::Readings readings{};
    SteadyTime delivered_at{};      ///< the last that the gateway saw; a stream keeps its order
    std::optional<Turned> refusal{};
    bool is_foreign = false;
  };

  // What a policy can do.
  void send(CallId call, std::size_t key) override;
  void fall_back(CallId call) override;
  void refuse(CallId call, int status, std::optional<double> retry_after_seconds) override;
  void wake(SteadyTime at) override;

  void happen(const Event& event);
  void add_request(std::uint32_t tenant, const Size& size);
  void submit(CallId call);
  void end_request(CallId call, Outcome outcome);
  void try_again(CallId call, std::optional<double> retry_after_seconds, Outcome if_exhausted);

  [[nodiscard]] std::uint32_t open_exchange();
  void receive(std::uint32_t number);
  void begin(std::uint32_t number);
  void produce(std::uint32_t number);
  void deliver(std::uint32_t number, EventKind kind, std::uint32_t tokens);
  void foreign_request(std::uint32_t organisation);
  /// The call that the exchange belongs to, if that still waits for it.
  [[nodiscard]] bool is_current(const Exchange& exchange) const;
  void note_decision(CallId call);
  void sample();

  [[nodiscard]] SteadyTime after_network() { return now_ + nanoseconds(scenario_.delay_min + network_.uniform() * (scenario_.delay_max - scenario_.delay_min)); }
  [[nodiscard]] bool is_measured(SteadyTime at) const { return at >= measured_from_ && at < ends_at_; }

  Scenario scenario_;
  quota::Dimension binding_;
  SteadyTime now_ = kBegin, measured_from_, ends_at_;
  Agenda agenda_;
  std::vector<std::unique_ptr<Provider>> providers_;
  std::vector<std::size_t> organisation_of_key_;
  std::vector<Source> sources_;
  sim::Random network_, clients_, foreign_;
  std::unique_ptr<Policy> policy_;
  std::vector<Request> requests_;
  std::vector<Exchange> exchanges_;
  std::vector<std::uint32_t> free_exchanges_;
  std::size_t open_requests_ = 0;
  std::optional<SteadyTime> wakes_at_;
  Measures measures_;
};

}  // namespace tidegate::storm
