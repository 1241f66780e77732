// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/alert_judgement.h"
#include "monitor/alert_rules.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::monitor {

/// As Prometheus defines them (prometheus/docs/configuration/alerting_rules, read 2026-11-26): inactive: not bad; pending: bad, but not
/// for as long as `for` says; firing: bad for so long; resolved: was firing and is over, shown for a while.
enum class AlertState : std::uint8_t { Inactive, Pending, Firing, Resolved };
[[nodiscard]] std::string_view to_string(AlertState state);

/// One subject of one rule.
struct Alert {
  std::string id;  ///< of rule and subject: the same thing has the same id each time
  std::string rule;
  std::string subject;
  AlertSeverity severity = AlertSeverity::Warning;
  AlertState state = AlertState::Inactive;
  WallTime since{};  ///< pending or firing: since when it is bad; resolved: when it was over
  WallTime began{};  ///< since when it is bad, also once it is over
  double value = 0;
  double threshold = 0;
  std::string summary;
  std::string runbook;
  std::vector<double> recent;  ///< the last values, oldest first, also from before it was bad; at most kMostRecent
  std::optional<std::string> acknowledged_by;  ///< until it is over
  std::optional<WallTime> silenced_until;
  bool is_remembered = false;  ///< as an earlier process left it: nothing has been seen of it since
  std::optional<PoolStanding> pool;             ///< that it is about; of this process alone
  std::optional<PredictedExhaustion> forecast;  ///< likewise

  [[nodiscard]] bool is_silenced(WallTime now) const { return silenced_until && now < *silenced_until; }
  friend bool operator==(const Alert&, const Alert&) = default;
};

/// One step of an alert.
struct AlertChange {
  WallTime at{};
  AlertState from = AlertState::Inactive;
  AlertState to = AlertState::Inactive;
  Alert alert;  ///< after it; of one that is over, `acknowledged_by` is who had taken it on

  friend bool operator==(const AlertChange&, const AlertChange&) = default;
};

/// What of an alert outlives the process.
struct AlertStanding {
  Alert alert;  ///< without `recent`, `pool` and `forecast`
  Nanoseconds silence{0};           ///< of its rule
  bool is_told = false;             ///< receivers believe that it fires
  std::optional<WallTime> told_at;  ///< last
  AlertSeverity told_severity = AlertSeverity::Info;  ///< the worst

  friend bool operator==(const AlertStanding&, const AlertStanding&) = default;
};

/// What people are to be told.
struct AlertNotice {
  enum class Kind : std::uint8_t { Firing, Reminder, Resolved };
  Kind kind = Kind::Firing;
  Alert alert;
  AlertSeverity worst_told = AlertSeverity::Info;  ///< of one that is over: whoever was told of that hears of the end as well
};
[[nodiscard]] std::string_view to_string(AlertNotice::Kind kind);

/// The state machine behind alerts. Pure: time is an argument. Not thread-safe. Holds at most kMostAlerts subjects (model names come
/// from clients), and of a rule at most half of them.
class AlertBook {
 public:
  /// What a rule finds now; a subject that is not named is over, one of which nothing is known stays as it is. Gives the steps this
  /// makes, in the order of subjects.
  std::vector<AlertChange> judge(const AlertRule& rule, std::span<const AlertObservation> observations, Now now);
  /// The rule is switched off or gone: nothing of it is left, and nobody is told.
  void forget_rules_but(std::span<const AlertRule> rules);
  /// Whom to tell of what since the last call. An alert is told when it fires; again after the rule's `silence` unless somebody took
  /// it on; and when it is over, if it was told. Not while it is silenced, and not twice within `silence`, however it flaps; but at
  /// once if it has become more severe, and if its end was told and it is back for kLasting: the last word must not be that all is
  /// well. Of a rule whose silence is 0 there are no reminders.
  std::vector<AlertNotice> due_notices(Now now);

  /// False: no such alert is pending or firing.
  bool acknowledge(std::string_view id, std::string by);
  /// Nobody is told of it before then, whatever becomes of it. False: no such alert.
  bool silence(std::string_view id, WallTime until);

  /// Firing ones first, then pending, then resolved; within each by severity, rule, subject.
  [[nodiscard]] std::vector<Alert> list(Now now);
  /// Newest first, at most kMostHistory.
  [[nodiscard]] const std::deque<AlertChange>& history() const { return history_; }
  /// Steps of this process so far, also those that are no longer kept.
  [[nodiscard]] std::uint64_t steps_made() const { return steps_made_; }

  /// What a later process must know: what fires, is silenced, was taken on or was told lately. A telling counts if it was before
  /// `delivered`: what is still on its way is lost with the process, and shall be told again.
  [[nodiscard]] std::vector<AlertStanding> standings(Now now, SteadyTime delivered) const;
  /// What an earlier process left, `steps` oldest first; what is known already stays. An alert that fired goes on firing, but nobody is
  /// told of it and it is not over before a finding names it, or kRemembered has passed without one: after a start, figures come
  /// little by little. One that was pending waits anew.
  void restore(std::vector<AlertStanding> standings, std::vector<AlertChange> steps, Now now);

  static constexpr std::size_t kMostAlerts = 500;
  static constexpr std::size_t kMostHistory = 500;
  static constexpr std::chrono::minutes kShowResolved{15};
  static constexpr std::size_t kMostRecent = 30;
  static constexpr std::chrono::minutes kRemembered{5};
  static constexpr std::chrono::minutes kLasting{5};  ///< what fires again for so long does not flap

 private:
  struct Entry {
    Alert alert;
    Nanoseconds silence{0};
    SteadyTime bad_since{};
    SteadyTime resolved_at{};
    bool is_told = false;  ///< its firing, in this life
    std::optional<SteadyTime> told_at;  ///< last, also in an earlier life
    WallTime told_at_wall{};
    std::optional<SteadyTime> end_told_at;  ///< of this life
    SteadyTime remembered_until{};
    AlertSeverity told_severity = AlertSeverity::Info;  ///< the worst, of this life
  };
  using Key = std::pair<std::string, std::string>;  ///< rule, subject

  /// What only this process and this moment needs.
  static void drop_figures(Alert& alert);
  void step(Entry& entry, AlertState to, Now now, std::vector<AlertChange>& changes);
  void see(const AlertRule& rule, const AlertObservation& observation, Now now, std::vector<AlertChange>& changes);
  void drop_old(Now now);
  void remember(const AlertRule& rule, std::span<const AlertObservation> observations);
  [[nodiscard]] Entry* find(std::string_view id);

  std::map<Key, Entry> entries_;
  std::map<Key, std::vector<double>> recent_;  ///< of figures that are seen now
  std::deque<AlertChange> history_;
  std::uint64_t steps_made_ = 0;
};

/// Sixteen hexadecimal digits.
[[nodiscard]] std::string alert_id(std::string_view rule, std::string_view subject);

}  // namespace tidegate::monitor
