// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "operations/action_book.h"

#include "base/glob.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tidegate::operations {

using monitor::Alert;
using monitor::AlertState;

std::string_view to_string(ActionState state) {
  switch (state) {
    case ActionState::Idle: return "idle";
    case ActionState::Triggered: return "triggered";
    case ActionState::Running: return "running";
    case ActionState::Done: return "done";
    case ActionState::Failed: return "failed";
    case ActionState::Returned: return "returned";
    case ActionState::DryRun: return "dry_run";
    case ActionState::CoolingDown: return "cooling_down";
    case ActionState::LimitReached: return "limit_reached";
  }
  return {};
}

std::string_view to_string(ActionEvent event) { return event == ActionEvent::Trigger ? "trigger" : "return"; }

namespace {

bool acts_on(const ActionOptions& options, const Alert& alert) {
  return alert.state == AlertState::Firing &&
         std::any_of(options.rules.begin(), options.rules.end(), [&](const std::string& glob) { return matches_glob(glob, alert.rule); });
}

}  // namespace

void ActionBook::adopt(std::vector<ActionOptions> options) {
  std::vector<Entry> entries;
  for (ActionOptions& one : options) {
    Entry entry;
    if (Entry* known = find(one.name)) {
      entry = std::move(*known);
      known->standing.name.clear();
      known->active.reset();
      known->is_busy = false;
    }
    entry.standing.name = one.name;
    entry.options = std::move(one);
    entries.push_back(std::move(entry));
  }
  for (Entry& entry : entries_) {
    if (entry.active || entry.is_busy) leaving_.push_back(std::move(entry));
  }
  entries_ = std::move(entries);
}

ActionBook::Entry* ActionBook::find(std::string_view name) {
  for (std::vector<Entry>* list : {&entries_, &leaving_}) {
    const auto found = std::find_if(list->begin(), list->end(), [&](const Entry& entry) { return entry.standing.name == name; });
    if (found != list->end()) return &*found;
  }
  return nullptr;
}

std::vector<ActionStep> ActionBook::look(std::span<const Alert> alerts, Now now) {
  std::vector<ActionStep> steps;
  std::erase_if(leaving_, [](const Entry& entry) { return !entry.active && !entry.is_busy; });
  for (Entry& entry : leaving_) look(entry, {}, now, steps);
  for (Entry& entry : entries_) look(entry, alerts, now, steps);
  return steps;
}

void ActionBook::look(Entry& entry, std::span<const Alert> alerts, Now now, std::vector<ActionStep>& steps) {
  if (entry.is_busy) return;
  const bool is_bad = std::any_of(alerts.begin(), alerts.end(), [&](const Alert& alert) { return acts_on(entry.options, alert); });
  if (entry.active) {
    if (is_bad) return;
    ActionStep step = std::move(*entry.active);
    entry.active.reset();
    if (step.options.dry_run) {
      entry.standing.state = ActionState::Returned;
      entry.standing.detail = "dry run: would be taken back";
      return;
    }
    step.event = ActionEvent::Return;
    entry.is_busy = true;
    entry.standing.state = ActionState::Triggered;
    entry.standing.detail = "is taken back";
    steps.push_back(std::move(step));
    return;
  }
  const auto cause = std::find_if(alerts.begin(), alerts.end(),
                                  [&](const Alert& alert) { return acts_on(entry.options, alert) && !alert.is_remembered && !alert.is_silenced(now.wall); });
  if (cause == alerts.end()) return;
  const ActionOptions& options = entry.options;
  entry.standing.alert_id = cause->id;
  const auto today = std::chrono::floor<std::chrono::days>(now.wall);
  if (std::chrono::sys_days(today) != entry.day) {
    entry.day = today;
    entry.runs = 0;
  }
  if (entry.runs >= options.max_per_day) {
    entry.standing.state = ActionState::LimitReached;
    entry.standing.detail = fmt::format("has run {} times today (UTC), the most that is allowed", entry.runs);
    return;
  }
  if (entry.ran_at && now.steady - *entry.ran_at < options.cooldown) {
    entry.standing.state = ActionState::CoolingDown;
    entry.standing.detail = fmt::format("ran less than {} ago", to_text(options.cooldown));
    return;
  }
  ++entry.runs;
  entry.ran_at = now.steady;
  entry.active = ActionStep{.options = options,
                            .event = ActionEvent::Trigger,
                            .incident = fmt::format("{}-{}-{}", options.name, cause->id, unix_nanoseconds(now.wall)),
                            .alert = *cause};
  if (options.dry_run) {
    entry.standing.state = ActionState::DryRun;
    entry.standing.detail = fmt::format("dry run: {} would be done", to_string(options.kind));
    return;
  }
  entry.is_busy = true;
  entry.standing.state = ActionState::Triggered;
  entry.standing.detail = fmt::format("triggered, expected back in {}", to_text(options.expected));
  steps.push_back(*entry.active);
}

void ActionBook::begun(const ActionStep& step) {
  if (Entry* entry = find(step.options.name)) entry->standing.state = ActionState::Running;
}

void ActionBook::finished(const ActionStep& step, bool is_ok, std::string detail) {
  Entry* entry = find(step.options.name);
  if (!entry) return;
  entry->is_busy = false;
  const ActionState good = step.event == ActionEvent::Trigger ? ActionState::Done : ActionState::Returned;
  entry->standing.state = is_ok ? good : ActionState::Failed;
  entry->standing.detail = std::move(detail);
}

std::vector<ActionStanding> ActionBook::list() const {
  std::vector<ActionStanding> out;
  for (const Entry& entry : entries_) out.push_back(entry.standing);
  return out;
}

}  // namespace tidegate::operations
