// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "monitor/alert_book.h"
#include "monitor/limit_history.h"
#include "store/history_store.h"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::app {

/// The alert rules at work: asks for figures when a rule is due, keeps states, tells what changed. `look` by one thread, the rest by
/// any: one short lock, no figures are gathered under it.
class AlertCenter {
 public:
  /// Where figures come from; one that is not set has none.
  struct Sources {
    std::function<std::vector<monitor::PoolStanding>()> pools = {};
    std::function<std::vector<monitor::BudgetStanding>(Now)> budgets = {};
    std::function<Result<monitor::WindowTotals>(Nanoseconds, Now)> use = {};
    std::function<std::vector<monitor::Alarm>()> alarms = {};
    /// Nothing: the past is being learned, and until then nobody can tell.
    std::function<std::optional<std::vector<monitor::PredictedExhaustion>>()> forecasts = {};
    std::function<std::vector<monitor::StatedLimit>(Now)> limits = {};
  };
  struct Listeners {
    std::function<void(const std::string&)> say = {};  ///< a line for the log, per step
    /// What people are to be told, and all that fires; called on `look`'s thread, under no lock.
    std::function<void(std::vector<monitor::AlertNotice>, const std::vector<monitor::Alert>& firing, Now)> notices = {};
    /// Whether all notices have arrived or were given up; without it they have at once.
    std::function<bool()> is_all_delivered = {};
  };

  AlertCenter(Sources sources, Listeners listeners) : sources_(std::move(sources)), listeners_(std::move(listeners)) {}

  void adopt(const monitor::AlertOptions& options);
  /// Judges the rules that are due. May take as long as the slowest source.
  void look(Now now);

  [[nodiscard]] std::vector<monitor::Alert> alerts(Now now);
  [[nodiscard]] std::vector<monitor::AlertRule> rules() const;
  [[nodiscard]] std::vector<monitor::AlertChange> history() const;  ///< newest first
  [[nodiscard]] std::vector<monitor::LimitChange> limit_changes() const;  ///< oldest first
  /// False: there is no such alert, or it is over.
  bool acknowledge(std::string_view id, std::string by, Now now);
  bool silence(std::string_view id, Nanoseconds length, std::string_view by, Now now);

  /// How far the past has been taken out.
  struct Taken {
    std::uint64_t steps = 0;
    std::uint64_t limit_changes = 0;
  };
  /// All that a later process must know, of the steps and changes those after `taken`, which is moved on.
  [[nodiscard]] store::AlertMemory memory_since(Taken& taken, Now now) const;
  /// What an earlier process left; what is known already stays.
  void restore(store::AlertMemory memory, Now now);

  static constexpr std::chrono::minutes kSuccessWindow{5};

 private:
  /// Nothing: the rule has no figures now, and what it found before stays so, as a rule of Prometheus that cannot be evaluated.
  [[nodiscard]] std::optional<std::vector<monitor::AlertObservation>> observe(const monitor::AlertRule& rule,
                                                                              const std::vector<monitor::AlertRule>& all, Now now);
  void say(std::string line) const;

  const Sources sources_;
  const Listeners listeners_;
  std::map<std::string, SteadyTime> looked_at_;  ///< by rule; `look`'s thread only
  mutable std::mutex mutex_;                     ///< guards the fields below
  std::vector<monitor::AlertRule> rules_;
  bool enabled_ = true;
  monitor::AlertBook book_;
  monitor::LimitHistory limits_;
  SteadyTime delivered_until_{};  ///< what was told before it has arrived
};

}  // namespace tidegate::app
