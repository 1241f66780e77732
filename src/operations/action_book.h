// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/alert_book.h"
#include "operations/action_options.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::operations {

enum class ActionState : std::uint8_t { Idle, Triggered, Running, Done, Failed, Returned, DryRun, CoolingDown, LimitReached };
[[nodiscard]] std::string_view to_string(ActionState state);

enum class ActionEvent : std::uint8_t { Trigger, Return };
[[nodiscard]] std::string_view to_string(ActionEvent event);

/// Something to carry out now.
struct ActionStep {
  ActionOptions options;
  ActionEvent event = ActionEvent::Trigger;
  std::string incident;  ///< the same for the trigger, its return and each attempt
  monitor::Alert alert;  ///< that began it
};

/// How an action stands.
struct ActionStanding {
  std::string name;
  ActionState state = ActionState::Idle;
  std::string detail;
  std::string alert_id;  ///< that it acts, acted or would act on; empty: none yet
};

/// Decides which actions run. One incident at a time per action: further alerts of its rules join it, and it returns when the last
/// one is over. Pure: time is an argument. Not thread-safe.
class ActionBook {
 public:
  /// What runs and counts of an action that stays is kept. An action that is gone and has acted is returned by the next `look`.
  void adopt(std::vector<ActionOptions> options);
  /// All alerts, silenced ones too: silence keeps an action from beginning, never from returning. Likewise one that is only remembered.
  [[nodiscard]] std::vector<ActionStep> look(std::span<const monitor::Alert> alerts, Now now);
  void begun(const ActionStep& step);
  void finished(const ActionStep& step, bool is_ok, std::string detail);
  [[nodiscard]] std::vector<ActionStanding> list() const;

 private:
  struct Entry {
    ActionOptions options;
    ActionStanding standing;
    std::optional<ActionStep> active;  ///< triggered and not returned
    bool is_busy = false;              ///< given out by `look` and not finished
    std::optional<SteadyTime> ran_at;
    std::chrono::sys_days day{};
    std::size_t runs = 0;  ///< on that day
  };
  void look(Entry& entry, std::span<const monitor::Alert> alerts, Now now, std::vector<ActionStep>& steps);
  [[nodiscard]] Entry* find(std::string_view name);

  std::vector<Entry> entries_;
  std::vector<Entry> leaving_;  ///< no longer configured, and not returned yet
};

}  // namespace tidegate::operations
