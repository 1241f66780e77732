// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/alarm_board.h"
#include "app/provider_balance.h"
#include "base/result.h"
#include "base/time.h"
#include "metrics/snapshot.h"
#include "monitor/balance.h"
#include "monitor/billed.h"
#include "store/balance_store.h"
#include "upstream/provider_options.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tidegate::app {

/// What is left of the money at the providers that are asked for it. Alarms `balance_low`, and `balance_unknown` after
/// kFailuresUntilUnknown failures in a row; both go when it is well again or no longer watched.
class BalanceBoard {
 public:
  using Fetch = std::function<Result<monitor::Balance>(const BalanceQuestion&)>;

  explicit BalanceBoard(AlarmBoard& alarms, Fetch fetch = fetch_balance) : alarms_(alarms), fetch_(std::move(fetch)) {}

  /// Asks those of `providers` with `balance` that are due, one after another; `keys` of each as they are now. A
  /// changed row is due at once. One thread at a time; blocks.
  void look(const std::vector<upstream::ProviderOptions>& providers, Now now);
  /// Makes `look` end after the question that it is at. Any thread.
  void begin_stop() { stopping_ = true; }
  /// By provider. Any thread.
  [[nodiscard]] std::vector<monitor::ProviderBalance> list() const;
  /// How it went within the last kKept, by provider and currency; without a key that has no limit. It begins anew when it is another
  /// account that is asked for. Any thread.
  [[nodiscard]] std::vector<monitor::BalanceCourse> courses() const;

  /// What an earlier process read, oldest first; it is used for whoever asks for the same account. Any thread.
  void restore(std::vector<store::StoredBalance> readings);
  /// What was read since the last call, oldest first. Any thread.
  [[nodiscard]] std::vector<store::StoredBalance> take_new();

  static constexpr int kFailuresUntilUnknown = 3;
  /// What could not be read is tried again after at most so long.
  static constexpr Seconds kRetryAfter{60};
  static constexpr std::chrono::hours kKept{25};
  static constexpr std::size_t kMostReadings = 9'000;  ///< of a currency: a day of the shortest interval

 private:
  struct Row {
    upstream::BalanceOptions options;
    std::string base;
    std::string account;  ///< as stored
    monitor::ProviderBalance known;
    int failures = 0;  ///< in a row
    SteadyTime due{};
    std::map<std::string, std::deque<monitor::BalanceReading>> courses;  ///< by currency
  };
  void record(Row& row, WallTime now);
  /// Puts what an earlier process read of this account before what was read since.
  void take_earlier(Row& row) const;
  void forget_others(const std::vector<upstream::ProviderOptions>& providers, WallTime now);
  [[nodiscard]] bool is_due(const upstream::ProviderOptions& provider, const BalanceQuestion& question, SteadyTime now);
  void take(const std::string& provider, const Result<monitor::Balance>& reading, Now now);
  void tell(const monitor::ProviderBalance& known, WallTime now);

  AlarmBoard& alarms_;
  const Fetch fetch_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  ///< guards the fields below; not held while somebody is asked
  std::map<std::string, Row> rows_;
  std::vector<store::StoredBalance> earlier_;
  std::vector<store::StoredBalance> new_;
};

/// Tells a scrape what is left where, as last read; nothing of what is not known.
void add_balance_figures(metrics::SampleSink& sink, const std::vector<monitor::ProviderBalance>& balances);

}  // namespace tidegate::app
