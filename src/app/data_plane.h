// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "config/options.h"
#include "gateway/worker.h"
#include "net/resolver.h"
#include "quota/book/room_book.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::app {

/// The workers that serve clients, each on a thread of its own, on one shared port. Whoever adopts comes one at a time.
class DataPlane {
 public:
  /// The keys of one provider, counted.
  struct KeyCount {
    ProviderId provider;
    std::size_t in_use = 0;
    std::size_t draining = 0;  ///< take no new request, while requests that began with them run on
  };
  /// What one worker reports to and asks; all outlive the data plane.
  struct WorkerPorts {
    gateway::OutcomeSink& sink;
    gateway::KeyCheck* key_check = nullptr;
    quota::TenantBook* tenants = nullptr;
    gateway::PromptMarks* prompt_marks = nullptr;
    gateway::ShadowPort* shadow = nullptr;
    gateway::AnswerCache* answers = nullptr;
    gateway::WaitingBook* waiting = nullptr;
    const gateway::SteeringBoard* steering = nullptr;
  };
  /// The ports of worker `number`; called once per worker, before it runs.
  using PortsOf = std::function<WorkerPorts(std::uint32_t number)>;

  /// Opens the port and starts the workers. Failure: whatever keeps it from starting, in words for the operator.
  /// `rooms`: where requests wait for their turn; configured here. Both it and `ties` outlive the data plane.
  [[nodiscard]] static Result<std::unique_ptr<DataPlane>> start(const config::Options& options, const Clock& clock,
                                                                quota::RoomBook& rooms, gateway::TieBoard& ties, const PortsOf& ports_of);
  DataPlane(const DataPlane&) = delete;
  DataPlane& operator=(const DataPlane&) = delete;
  /// Cuts what still runs.
  ~DataPlane();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const gateway::BodyMemory& body_memory() const { return body_memory_; }
  /// Client connections of all workers. Any thread.
  [[nodiscard]] std::size_t open_connections() const;
  /// Of the listener; absent without TLS. Any thread.
  [[nodiscard]] std::optional<WallTime> certificate_expires_at() const;
  /// Uses other options from now on, for what can change while running. A failure changes nothing.
  [[nodiscard]] Result<void> adopt(const config::Options& options);
  /// Gives these providers other keys from now on; a request keeps those it began with, and no connection is closed.
  void adopt_keys(const std::map<ProviderId, std::vector<upstream::ProviderKey>>& keys);
  /// One per provider, in their order. Any thread.
  [[nodiscard]] std::vector<KeyCount> key_counts() const;
  /// Accepts nothing more, lets running answers end for `timeout`, then returns.
  void drain(Nanoseconds timeout);

 private:
  DataPlane(const config::Options& options, const Clock& clock, quota::RoomBook& rooms, gateway::TieBoard& ties);
  void adopt(std::shared_ptr<const gateway::Setup> setup);
  void hand_over(const std::shared_ptr<const gateway::Setup>& setup);
  void note_certificate(const gateway::Setup& setup);

  const Clock& clock_;
  quota::RoomBook& rooms_;
  gateway::TieBoard& ties_;
  gateway::BodyMemory body_memory_;
  gateway::ConnectionCount connections_;
  gateway::ProviderHealth health_;
  net::Resolver resolver_;
  std::vector<std::unique_ptr<gateway::Worker>> workers_;
  std::vector<std::thread> threads_;
  std::uint16_t port_ = 0;
  mutable std::mutex setup_mutex_;  ///< guards setup_ and former_
  std::shared_ptr<const gateway::Setup> setup_;
  std::vector<std::weak_ptr<const gateway::Setup>> former_;  ///< those that requests may still hold
  std::atomic<std::int64_t> certificate_expires_at_ = 0;  ///< Unix nanoseconds; 0 without TLS
};

/// What the rooms have to know of the providers.
[[nodiscard]] std::vector<quota::ProviderPlan> provider_plans(const gateway::Setup& setup);
/// What requests are served by, from options. Failure: a URL, certificate or authority that cannot be used.
[[nodiscard]] Result<std::shared_ptr<const gateway::Setup>> make_setup(const config::Options& options, WallTime now);

}  // namespace tidegate::app
