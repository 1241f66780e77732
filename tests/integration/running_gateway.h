// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "gateway/worker.h"
#include "quota/book/room_book.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::testing {

/// Keeps what a worker reports, for a test to look at.
class Recorded final : public gateway::OutcomeSink {
 public:
  /// `cost`: what every answer costs, and what is expected of it.
  explicit Recorded(Money cost = {}) : cost_(cost) {}
  Amount estimate(const gateway::Outcome& outcome) override;
  store::AttemptId begin(const gateway::Outcome& outcome) override;
  void answered(const gateway::Outcome& outcome, const llm::RateLimitReading& limits) override;
  void attempt_over(const gateway::Outcome& outcome) override;
  void provider_changed(std::string_view provider, bool out) override;
  void key_changed(std::string_view provider, std::string_view key, std::optional<quota::KeyRing::Fault> fault) override;
  gateway::Charged charge(const gateway::Outcome& outcome) override;
  void finish(const gateway::Outcome& outcome) override;

  /// From now on nothing can be recorded.
  void be_full() { is_full_ = true; }
  /// Waits (at most ten seconds) until so many requests have finished; gives their outcomes in order.
  [[nodiscard]] std::vector<gateway::Outcome> wait_for(std::size_t count);
  /// Attempts that were given up for another one.
  [[nodiscard]] std::vector<gateway::Outcome> attempts();
  /// The events in order: `begin`, `answered`, `attempt_over`, `charge`, `finish`, `key_changed`, `provider_out`, `provider_back`.
  [[nodiscard]] std::vector<std::string> events();

 private:
  void note(std::string event);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<gateway::Outcome> outcomes_;
  std::vector<gateway::Outcome> attempts_;
  std::vector<std::string> events_;
  const Money cost_;
  store::AttemptId next_ = 1;
  std::atomic<bool> is_full_ = false;
};

/// A worker, or several on one port, each on a thread of its own, in front of a provider on loopback.
class RunningGateway {
 public:
  /// Nothing waits, so that whatever a provider answers goes to the client as it is.
  [[nodiscard]] static gateway::GatewayOptions impatient();
  /// Known to have room for everything: no learning phase.
  [[nodiscard]] static quota::PoolOptions unlimited();
  struct Choice {
    gateway::GatewayOptions options = impatient();
    quota::PoolOptions pools = unlimited();  ///< of every provider
    std::vector<std::uint16_t> spare_ports = {};  ///< further providers, who serve what the first cannot
    net::ServerLimits limits;
    upstream::CallDeadlines deadlines;
    llm::Dialect dialect = llm::Dialect::Anthropic;
    std::string base_path;
    std::vector<std::string> keys = {"pool-key"};      ///< named KEY_A, KEY_B …
    std::shared_ptr<const net::TlsServerContext> tls;  ///< of the listener
    gateway::KeyCheck* key_check = nullptr;            ///< of AuthMode::Virtual; outlives the gateway
    quota::TenantBook* tenants = nullptr;              ///< outlives the gateway
    gateway::PromptMarks* prompt_marks = nullptr;    ///< outlives the gateway
    gateway::ShadowPort* shadow = nullptr;           ///< outlives the gateway
    gateway::AnswerCache* answers = nullptr;         ///< outlives the gateway
    const gateway::SteeringBoard* steering = nullptr;  ///< outlives the gateway
    std::uint32_t workers = 1;
    Money cost = {};                                 ///< see Recorded
    std::function<void(std::size_t number, upstream::ProviderOptions&)> adapt = {};  ///< changes a provider before it is made
  };
  explicit RunningGateway(std::uint16_t provider_port) : RunningGateway(provider_port, Choice{}) {}
  RunningGateway(std::uint16_t provider_port, Choice choice);
  RunningGateway(const RunningGateway&) = delete;
  RunningGateway& operator=(const RunningGateway&) = delete;
  ~RunningGateway();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Recorded& recorded() { return recorded_; }
  /// The first.
  [[nodiscard]] gateway::Worker& worker() { return *workers_.front(); }
  /// Of all workers.
  [[nodiscard]] std::size_t open_connections() const;
  [[nodiscard]] quota::RoomBook& rooms() { return rooms_; }
  [[nodiscard]] const gateway::WaitingBook& waiting() const { return waiting_; }
  /// Waits for the workers' threads, which must have been asked to drain.
  void join();

 private:
  SystemClock clock_;
  gateway::BodyMemory body_memory_;
  gateway::ConnectionCount connections_;
  gateway::TieBoard ties_;
  gateway::ProviderHealth health_;
  net::Resolver resolver_;
  quota::RoomBook rooms_;
  gateway::WaitingBook waiting_;
  Recorded recorded_;
  std::vector<std::unique_ptr<gateway::Worker>> workers_;
  std::uint16_t port_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace tidegate::testing
