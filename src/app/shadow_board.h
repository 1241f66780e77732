// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ring.h"
#include "base/time.h"
#include "monitor/shadow_book.h"
#include "monitor/shadow_counts.h"
#include "monitor/shadow_report.h"
#include "monitor/shadow_sampler.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tidegate::app {

/// Decides which requests are copied to a second provider, and keeps what came of it. Workers ask and hand over; they take one
/// short lock for requests that are drawn, under which nothing is computed but sums, and none while shadow traffic is off.
///
///     if (board.ask({.request_id = id, .session = session, .headroom = left, .estimate = most}, now) == ShadowDecision::Send) {
///       …                                              // the copy runs
///       board.finish(worker, most, std::move(pair), now);   // or board.abandon(most, cost, now), if no pair came of it
///     }
class ShadowBoard {
 public:
  ShadowBoard(monitor::ShadowOptions options, std::size_t workers);

  // ---- workers
  /// Who gets the copy of a request, if it is drawn; empty: nobody. Costs an atomic read while shadow traffic is off.
  [[nodiscard]] ProviderId drawn(std::string_view request_id, std::string_view session) const;
  /// `Send` must be followed by one `finish` or `abandon` with the same estimate.
  [[nodiscard]] monitor::ShadowDecision ask(const monitor::ShadowQuestion& question, Now now);
  /// The copy ended with an answer or an error. `worker` is the number of the worker whose thread calls. What is more than
  /// kWaitingPairs before `collect` is missing in reports, and counted.
  void finish(std::size_t worker, Money estimate, monitor::ShadowSample sample, Now now);
  /// The copy ended and is no comparison: the process stops, or official's answer is of no use.
  void abandon(Money estimate, Money cost, Now now);

  // ---- any thread
  [[nodiscard]] monitor::ShadowOptions options() const;
  [[nodiscard]] monitor::ShadowCounts counts(Now now) const;

  // ---- any thread but the workers'
  void adopt(monitor::ShadowOptions options);
  /// Whether it is on and nothing is sent, because `restore` was not called yet.
  [[nodiscard]] bool misses_past() const;
  /// What copies cost since the day (UTC) of `now` began, before this process.
  void restore(Money spent_today, Now now);
  /// Takes in what workers handed over.
  void collect();
  /// Of every two providers: all models together, then the kMostModels models with most pairs, if there are several. Some 0.2 s
  /// per 10,000 pairs.
  [[nodiscard]] std::vector<monitor::ShadowReport> reports(Nanoseconds length, SteadyTime now);
  /// Two providers over the last ten minutes, and over the day before these.
  struct Standing {
    monitor::ShadowReport recent;
    monitor::ShadowReport day;
  };
  /// Without those that have no pair in the last ten minutes.
  [[nodiscard]] std::vector<Standing> standings(SteadyTime now);

  static constexpr std::size_t kMostModels = 20;
  static constexpr std::size_t kWaitingPairs = 256;  ///< per worker

 private:
  struct Lane {
    Ring<monitor::ShadowSample> pairs{kWaitingPairs};
    std::atomic<std::uint64_t> dropped = 0;
  };
  struct Answered {
    std::int64_t good = 0;
    std::int64_t failed = 0;
    Money cost;
  };

  [[nodiscard]] monitor::ShadowReport report_of(const std::string& official, const std::string& shadow, const std::string& model,
                                                SteadyTime since, SteadyTime until) const;
  [[nodiscard]] std::vector<monitor::ShadowBook::Providers> providers();

  std::atomic<bool> is_on_;
  mutable std::mutex gate_mutex_;  ///< guards the three fields below; never held together with book_mutex_
  monitor::ShadowGate gate_;
  std::array<std::int64_t, monitor::kShadowDecisions> decided_{};
  std::map<std::string, Answered> answered_;

  std::deque<Lane> lanes_;
  mutable std::mutex book_mutex_;  ///< guards book_ and the reading ends of the lanes; no worker takes it
  monitor::ShadowBook book_;
};

}  // namespace tidegate::app
