// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "monitor/alert_book.h"
#include "monitor/delivery/message.h"
#include "operations/action_options.h"
#include "store/operations_store.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::operations {

enum class ActionState : std::uint8_t { Idle, Triggered, Running, Retrying, Done, Failed, Returned, DryRun, CoolingDown, LimitReached };
[[nodiscard]] std::string_view to_string(ActionState state);

enum class ActionEvent : std::uint8_t { Trigger, Return };
[[nodiscard]] std::string_view to_string(ActionEvent event);

/// Something to carry out now.
struct ActionStep {
  ActionOptions options;
  ActionEvent event = ActionEvent::Trigger;
  std::string incident;       ///< the same for the trigger, its return and each attempt
  monitor::Alert alert;       ///< that began it; of one that somebody asked for, its rule is kByHand
  std::string by = {};        ///< who asked for this step; empty: the alert
  std::string begun_by = {};  ///< who asked for its trigger; empty: the alert
  WallTime began_at{};
  std::size_t attempt = 1;
  bool is_restored = false;  ///< puts in force again what a former process had in force
};

/// What is to be said of an action: to the log and the audit, and mostly to people.
struct ActionWord {
  delivery::ActionNote note;
  std::string incident;  ///< empty: nothing was begun
  std::string by;        ///< who asked; empty: the alert
  bool is_for_people = true;
};

/// How an action stands.
struct ActionStanding {
  std::string name;
  ActionKind kind = ActionKind::Command;
  ActionState state = ActionState::Idle;
  std::string detail;
  std::string alert_id;  ///< that it acts, acted or would act on; empty: none yet
  std::string incident;  ///< that is in place; empty: none
  std::string by;        ///< who asked for that; empty: the alert
  std::optional<WallTime> began_at;
  std::size_t runs_today = 0;  ///< in UTC
  std::size_t max_per_day = 0;
  bool dry_run = false;
};

/// Decides which actions run. One incident at a time per action: further alerts of its rules join it, and it returns when the last
/// one is over, but not before it was in place for `keep`. One that somebody asked for stays until somebody asks for its return. What fails is tried again, later each time.
/// Pure: time is an argument. Not thread-safe.
class ActionBook {
 public:
  /// What runs and counts of an action that stays is kept. An action that is gone and has acted is returned by the next `look`.
  void adopt(std::vector<ActionOptions> options);
  /// Takes over what a former process left, after the first `adopt`. What was triggered is returned once its alert has not come back
  /// within kGrace. Gives what must be put in force again, as it ended with that process.
  [[nodiscard]] std::vector<ActionStep> restore(std::span<const store::StoredAction> stored, Now now);
  /// All alerts, silenced ones too: silence keeps an action from beginning, never from returning. Likewise one that is only remembered.
  [[nodiscard]] std::vector<ActionStep> look(std::span<const monitor::Alert> alerts, Now now);
  /// Somebody asks for it now; an empty name means the only action. Nothing to do: a dry run. Failure: NotFound; Exhausted (it is in
  /// place or at work, cooldown, most runs of a day).
  [[nodiscard]] Result<std::optional<ActionStep>> run(std::string_view name, const std::string& by, Now now);
  /// Somebody asks for its return; while the alert lasts it does not run again. Failure: NotFound; Exhausted (it is at work).
  [[nodiscard]] Result<std::optional<ActionStep>> take_back(std::string_view name, const std::string& by, Now now);
  void begun(const ActionStep& step);
  /// `result`: what to tell of it, or why it failed.
  void finished(const ActionStep& step, const Result<std::string>& result, Now now);

  [[nodiscard]] std::vector<ActionStanding> list(WallTime now) const;
  /// What is to be said since the last call.
  [[nodiscard]] std::vector<ActionWord> take_words() { return std::exchange(words_, {}); }
  /// What has to be kept for the next start, of actions that changed since the last call.
  [[nodiscard]] std::vector<store::StoredAction> take_changes();

  static constexpr std::string_view kByHand = kByHandRule;
  static constexpr std::chrono::minutes kGrace{2};  ///< rules are looked at once a minute at the latest, unless told otherwise

 private:
  struct Entry {
    ActionOptions options;
    ActionStanding standing;
    std::optional<ActionStep> active;  ///< triggered and not returned
    std::optional<ActionStep> again;   ///< failed, and due at `again_at`
    SteadyTime again_at{};
    bool is_busy = false;         ///< given out and not finished
    bool is_stuck = false;        ///< its return was given up
    bool is_held_off = false;     ///< somebody took it back while its alert lasts
    bool is_help_settled = false;  ///< it helped, or it was said that it did not
    bool is_kept = false;          ///< the alert is over, and it stays for `keep`
    bool is_changed = false;      ///< since the last `take_changes`
    std::optional<SteadyTime> restored_at;
    std::pair<std::string, ActionState> skipped{};  ///< alert and why, when that was said last
    std::optional<Now> ran_at;
    std::chrono::sys_days day{};
    std::size_t runs = 0;  ///< on that day
  };
  void look(Entry& entry, std::span<const monitor::Alert> alerts, bool is_leaving, Now now, std::vector<ActionStep>& steps);
  void look_for_help(Entry& entry, Now now);
  [[nodiscard]] static bool keeps(Entry& entry, Now now);
  [[nodiscard]] std::optional<ActionStep> begin(Entry& entry, const monitor::Alert& alert, const std::string& by, Now now);
  [[nodiscard]] std::optional<ActionStep> begin_return(Entry& entry, const std::string& by, Now now);
  void failed(Entry& entry, const ActionStep& step, const Failure& failure, Now now);
  void skip(Entry& entry, const monitor::Alert& cause, Now now);
  void say(const ActionStep& step, std::string text, Now now, monitor::AlertSeverity least = monitor::AlertSeverity::Info,
           bool is_for_people = true);
  [[nodiscard]] static std::optional<std::pair<ActionState, std::string>> why_not(Entry& entry, Now now);
  [[nodiscard]] Entry* find(std::string_view name);
  [[nodiscard]] Result<Entry*> named(std::string_view name);

  std::vector<Entry> entries_;
  std::vector<Entry> leaving_;  ///< no longer configured, and not returned yet
  std::vector<ActionWord> words_;
};

}  // namespace tidegate::operations
