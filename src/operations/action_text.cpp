// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "operations/action_text.h"

#include <fmt/format.h>

namespace tidegate::operations {

namespace {

ActionKind kind_named(std::string_view name) {
  for (const ActionKind kind :
       {ActionKind::Webhook, ActionKind::TenantLimit, ActionKind::PauseBatch, ActionKind::ShiftShare, ActionKind::EnableKey}) {
    if (to_string(kind) == name) return kind;
  }
  return ActionKind::Command;
}

monitor::AlertSeverity severity_named(std::string_view name) {
  for (const auto severity : {monitor::AlertSeverity::Info, monitor::AlertSeverity::Critical}) {
    if (to_string(severity) == name) return severity;
  }
  return monitor::AlertSeverity::Warning;
}

}  // namespace

std::string_view to_string(ActionState state) {
  switch (state) {
    case ActionState::Idle: return "idle";
    case ActionState::Triggered: return "triggered";
    case ActionState::Running: return "running";
    case ActionState::Retrying: return "retrying";
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

bool is_in_process(std::string_view kind) {
  return kind == to_string(ActionKind::PauseBatch) || kind == to_string(ActionKind::ShiftShare) || kind == to_string(ActionKind::EnableKey);
}

std::string rough(Nanoseconds length) {
  if (length >= std::chrono::minutes(10)) return to_text(std::chrono::floor<std::chrono::minutes>(length));
  return to_text(std::chrono::floor<Seconds>(length));
}

std::string asked_by(const std::string& by) { return by.empty() ? std::string() : fmt::format(" ({} asked for it)", by); }

store::StoredAction to_stored(const std::string& name, ActionKind kind, const std::optional<ActionStep>& active) {
  store::StoredAction stored;
  stored.name = name;
  stored.kind = to_string(kind);
  if (!active) return stored;
  // What is in place may be of another kind than what the configuration has for it by now.
  stored.kind = to_string(active->options.kind);
  stored.incident = active->incident;
  stored.by = active->begun_by;
  stored.began_at = active->began_at;
  stored.alert_id = active->alert.id;
  stored.rule = active->alert.rule;
  stored.subject = active->alert.subject;
  stored.severity = to_string(active->alert.severity);
  stored.summary = active->alert.summary;
  stored.value = active->alert.value;
  stored.threshold = active->alert.threshold;
  return stored;
}

ActionStep restored_step(const store::StoredAction& stored) {
  ActionStep step;
  step.options.name = stored.name;
  step.options.kind = kind_named(stored.kind);
  step.incident = stored.incident;
  step.begun_by = stored.by;
  step.began_at = stored.began_at;
  step.alert.id = stored.alert_id;
  step.alert.rule = stored.rule;
  step.alert.subject = stored.subject;
  step.alert.severity = severity_named(stored.severity);
  step.alert.summary = stored.summary;
  step.alert.value = stored.value;
  step.alert.threshold = stored.threshold;
  return step;
}

}  // namespace tidegate::operations
