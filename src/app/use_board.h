// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ring.h"
#include "base/time.h"
#include "gateway/outcome.h"
#include "monitor/demand_minute.h"
#include "monitor/windows.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::app {

/// One worker's way to the board: finished requests wait in a bounded ring. A full ring drops and counts. Its thread only.
class UseLane {
 public:
  UseLane() : samples_(kCapacity) {}
  /// `cost` in addition to what the outcome says.
  void record(const gateway::Outcome& outcome, Money cost, SteadyTime now);

 private:
  friend class UseBoard;
  static constexpr std::size_t kCapacity = 4'096;
  /// What monitor::WindowSample borrows, kept; strings keep their memory from request to request.
  struct Sample {
    std::string model, user, key, tenant, session, agent, error_kind;
    std::string provider, model_group, wanted_room;  ///< what demand is told apart by
    std::string_view endpoint;          ///< of llm::to_string
    bool was_sent = false, lacked_capacity = false;
    llm::TokenCounts tokens;
    Money cost;
    SteadyTime at;
  };
  Ring<Sample> samples_;
  std::atomic<std::uint64_t> dropped_ = 0;
};

/// What was used in the last minute, five minutes, hour. Workers hand samples over; whoever asks (and a schedule, so that no ring
/// fills up) takes them in first, so that an answer holds every request that had finished when it was asked for.
class UseBoard {
 public:
  UseBoard(monitor::Windows windows, std::size_t lanes);

  /// For the thread that worker `number` runs on.
  [[nodiscard]] UseLane& lane(std::size_t number) { return lanes_[number]; }
  // Any thread but the workers'. Failures as monitor::Windows gives them.
  void collect();
  [[nodiscard]] Result<monitor::WindowTotals> totals(Nanoseconds length, SteadyTime now);
  [[nodiscard]] Result<std::vector<monitor::WindowLine>> query(Nanoseconds length, monitor::Dimension dimension, SteadyTime now);
  /// What was asked for since this was called last: requests that went to a provider, and those that found no capacity.
  [[nodiscard]] monitor::DemandMinute take_demand();
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  void collect_locked();
  void count_demand(const UseLane::Sample& sample);
  void end_run();

  std::deque<UseLane> lanes_;
  std::mutex mutex_;  ///< guards the fields below and the reading ends of the lanes
  monitor::Windows windows_;
  monitor::DemandMinute demand_;
  /// Requests come in runs that are alike: such a run is added up here, and joins `demand_` as one when it is over.
  struct DemandRun {
    std::string provider, model_group, wanted_room, model, tenant, key;
    std::optional<monitor::Demand> demand;  ///< none: there is no run
    double cached_tokens = 0;
  } run_;
};

}  // namespace tidegate::app
