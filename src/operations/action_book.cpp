// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "operations/action_book.h"

#include "base/glob.h"
#include "operations/action_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace tidegate::operations {

using monitor::Alert;
using monitor::AlertSeverity;
using monitor::AlertState;

namespace {

/// Pauses before the second attempt, the third …; the last one from then on.
constexpr std::array<Seconds, 5> kBackOff{Seconds(5), Seconds(20), Seconds(60), Seconds(180), Seconds(300)};

bool is_of(const ActionOptions& options, const Alert& alert) {
  return std::any_of(options.rules.begin(), options.rules.end(), [&](const std::string& glob) { return matches_glob(glob, alert.rule); });
}

bool any_in(std::span<const Alert> alerts, const ActionOptions& options, AlertState state) {
  return std::any_of(alerts.begin(), alerts.end(), [&](const Alert& alert) { return alert.state == state && is_of(options, alert); });
}

tl::unexpected<Failure> no(FailureKind kind, std::string why) { return fail(kind, Origin::Operator, std::move(why)); }

}  // namespace

void ActionBook::adopt(std::vector<ActionOptions> options) {
  std::vector<Entry> entries;
  for (ActionOptions& one : options) {
    Entry entry;
    if (Entry* known = find(one.name)) {
      entry = std::move(*known);
      known->standing.name.clear();
      known->active.reset();
      known->again.reset();
      known->is_busy = known->is_changed = false;
    }
    entry.standing.name = one.name;
    entry.options = std::move(one);
    entries.push_back(std::move(entry));
  }
  for (Entry& entry : entries_) {
    if (entry.active || entry.is_busy || entry.is_changed) leaving_.push_back(std::move(entry));
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

Result<ActionBook::Entry*> ActionBook::named(std::string_view name) {
  if (entries_.empty()) return no(FailureKind::NotFound, "no action is configured");
  if (name.empty() && entries_.size() == 1) return &entries_.front();
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.standing.name == name; });
  if (found != entries_.end()) return &*found;
  std::string known;
  for (const Entry& entry : entries_) known += (known.empty() ? "" : ", ") + entry.standing.name;
  return no(FailureKind::NotFound,
            fmt::format("{}; there are: {}", name.empty() ? "say which action" : fmt::format("no action is named '{}'", name), known));
}

std::vector<ActionStep> ActionBook::restore(std::span<const store::StoredAction> stored, Now now) {
  std::vector<ActionStep> steps;
  for (const store::StoredAction& one : stored) {
    Entry* entry = find(one.name);
    const bool is_known = entry != nullptr && to_string(entry->options.kind) == one.kind;
    if (is_known) {
      entry->day = std::chrono::floor<std::chrono::days>(one.day);
      entry->runs = static_cast<std::size_t>(std::max<std::int64_t>(0, one.runs));
      // A clock that was set back must not make a cooldown endless.
      if (one.ran_at) entry->ran_at = Now{now.steady - std::max(Nanoseconds(0), Nanoseconds(now.wall - *one.ran_at)), *one.ran_at};
    }
    if (one.incident.empty()) continue;
    ActionStep step = restored_step(one);
    if (!is_known) {
      // Its options are gone, and with them how it is taken back; but for what the store itself holds.
      Entry orphan;
      orphan.standing.name = one.name;
      orphan.options = step.options;
      orphan.is_changed = true;
      if (one.kind == to_string(ActionKind::TenantLimit)) {
        orphan.active = step;
      } else {
        const bool ended_by_itself = is_in_process(one.kind);
        say(step,
            ended_by_itself ? "was in place before the restart and is no longer configured: it ended with the former process"
                            : "was triggered before the restart and is no longer configured: if it has to be taken back, do it by hand",
            now, ended_by_itself ? AlertSeverity::Info : AlertSeverity::Warning);
      }
      leaving_.push_back(std::move(orphan));
      continue;
    }
    step.options = entry->options;
    entry->active = step;
    entry->restored_at = now.steady;
    entry->standing.state = ActionState::Done;
    entry->standing.detail = fmt::format("triggered before the restart, on {}", to_rfc3339(step.began_at));
    entry->standing.alert_id = step.alert.id;
    if (!is_in_process(one.kind) || step.options.dry_run) continue;
    step.is_restored = true;
    entry->is_busy = true;
    entry->standing.state = ActionState::Triggered;
    steps.push_back(std::move(step));
  }
  return steps;
}

std::vector<ActionStep> ActionBook::look(std::span<const Alert> alerts, Now now) {
  std::vector<ActionStep> steps;
  std::erase_if(leaving_, [](const Entry& entry) {
    return (!entry.active || entry.is_stuck) && !entry.is_busy && !entry.is_changed && !entry.again;
  });
  for (Entry& entry : leaving_) look(entry, {}, true, now, steps);
  for (Entry& entry : entries_) look(entry, alerts, false, now, steps);
  return steps;
}

void ActionBook::look(Entry& entry, std::span<const Alert> alerts, bool is_leaving, Now now, std::vector<ActionStep>& steps) {
  if (entry.is_busy) return;
  const bool is_bad = any_in(alerts, entry.options, AlertState::Firing);
  if (!is_bad) entry.is_held_off = false;
  if (entry.again) {
    const bool is_pointless = entry.again->event == ActionEvent::Trigger && (is_leaving || (!is_bad && entry.again->begun_by.empty()));
    if (!is_pointless) {
      if (now.steady < entry.again_at) return;
      entry.is_busy = true;
      steps.push_back(*std::exchange(entry.again, std::nullopt));
      return;
    }
    entry.again.reset();
  }
  if (entry.active && !(entry.is_stuck && is_bad)) {
    if (entry.is_stuck || (!entry.active->begun_by.empty() && !is_leaving)) return;  // somebody decides
    if (is_bad) {
      entry.restored_at.reset();
      if (std::exchange(entry.is_kept, false)) entry.standing.detail = "in place; the alert is back";
      look_for_help(entry, now);
      return;
    }
    // After a restart rules find out anew what is bad.
    const bool is_early =
        entry.restored_at && (now.steady - *entry.restored_at < kGrace || any_in(alerts, entry.options, AlertState::Pending));
    if (!is_leaving && (is_early || keeps(entry, now))) return;
    if (auto step = begin_return(entry, {}, now)) steps.push_back(std::move(*step));
    return;
  }
  const auto cause = std::find_if(alerts.begin(), alerts.end(), [&](const Alert& alert) {
    return alert.state == AlertState::Firing && is_of(entry.options, alert) && !alert.is_remembered && !alert.is_silenced(now.wall);
  });
  if (cause == alerts.end() || entry.is_held_off) return;
  entry.standing.alert_id = cause->id;
  if (auto why = why_not(entry, now)) {
    std::tie(entry.standing.state, entry.standing.detail) = std::move(*why);
    skip(entry, *cause, now);
    return;
  }
  if (auto step = begin(entry, *cause, {}, now)) steps.push_back(std::move(*step));
}

/// What keeps it from running now.
std::optional<std::pair<ActionState, std::string>> ActionBook::why_not(Entry& entry, Now now) {
  const ActionOptions& options = entry.options;
  const auto today = std::chrono::floor<std::chrono::days>(now.wall);
  if (std::chrono::sys_days(today) != entry.day) {
    entry.day = today;
    entry.runs = 0;
  }
  if (entry.runs >= options.max_per_day) {
    return std::pair(ActionState::LimitReached, fmt::format("has run {} times today (UTC), the most that is allowed", entry.runs));
  }
  if (entry.ran_at && now.steady - entry.ran_at->steady < options.cooldown) {
    return std::pair(ActionState::CoolingDown, fmt::format("ran less than {} ago", to_text(options.cooldown)));
  }
  return std::nullopt;
}

/// That it does not run is said once for an alert and a reason.
void ActionBook::skip(Entry& entry, const Alert& cause, Now now) {
  const std::pair reason(cause.id, entry.standing.state);
  if (entry.skipped == reason) return;
  entry.skipped = reason;
  const ActionStep step{.options = entry.options, .incident = {}, .alert = cause};
  say(step, fmt::format("is not run: it {}", entry.standing.detail), now);
}

void ActionBook::look_for_help(Entry& entry, Now now) {
  const ActionStep& step = *entry.active;
  const Nanoseconds expected = step.options.expected;
  if (entry.is_help_settled || expected == Nanoseconds(0) || entry.standing.state != ActionState::Done ||
      now.wall - step.began_at < expected)
    return;
  entry.is_help_settled = true;
  say(step, fmt::format("did not help: the alert still fires after {}", rough(now.wall - step.began_at)), now);
}

/// Whether it stays though its alert is over. One that failed has nothing to keep.
bool ActionBook::keeps(Entry& entry, Now now) {
  const Nanoseconds keep = entry.options.keep.value_or(usual_keep(entry.options.kind));
  const bool is_in_place = entry.standing.state == ActionState::Done || entry.standing.state == ActionState::DryRun;
  if (!is_in_place || !entry.ran_at || now.steady - entry.ran_at->steady >= keep) return false;
  if (!std::exchange(entry.is_kept, true)) {
    entry.is_help_settled = true;
    entry.standing.detail = fmt::format("in place; the alert is over, and it is kept until {}", to_rfc3339(entry.ran_at->wall + keep));
  }
  return true;
}

std::optional<ActionStep> ActionBook::begin(Entry& entry, const Alert& alert, const std::string& by, Now now) {
  const ActionOptions& options = entry.options;
  ++entry.runs;
  entry.ran_at = now;
  entry.active = ActionStep{.options = options,
                            .event = ActionEvent::Trigger,
                            .incident = fmt::format("{}-{}-{}", options.name, alert.id.empty() ? kByHand : std::string_view(alert.id),
                                                    unix_nanoseconds(now.wall)),
                            .alert = alert,
                            .by = by,
                            .begun_by = by,
                            .began_at = now.wall};
  entry.is_stuck = entry.is_help_settled = entry.is_kept = false;
  entry.restored_at.reset();
  entry.skipped = {};
  entry.is_changed = true;
  entry.standing.alert_id = alert.id;
  if (options.dry_run) {
    entry.standing.state = ActionState::DryRun;
    entry.standing.detail = fmt::format("dry run: {} would be done", to_string(options.kind));
    say(*entry.active, entry.standing.detail, now);
    return std::nullopt;
  }
  entry.is_busy = true;
  entry.standing.state = ActionState::Triggered;
  entry.standing.detail =
      options.expected > Nanoseconds(0) ? fmt::format("triggered, expected back in {}", to_text(options.expected)) : "triggered";
  say(*entry.active, entry.standing.detail + asked_by(by), now);
  return entry.active;
}

std::optional<ActionStep> ActionBook::begin_return(Entry& entry, const std::string& by, Now now) {
  entry.again.reset();
  entry.is_changed = true;
  ActionStep step = *entry.active;
  step.event = ActionEvent::Return;
  step.attempt = 1;
  step.by = by;
  if (step.options.dry_run) {
    entry.active.reset();
    entry.is_stuck = false;
    entry.standing.state = ActionState::Returned;
    entry.standing.detail = "dry run: would be taken back";
    say(step, entry.standing.detail + asked_by(by), now);
    return std::nullopt;
  }
  entry.is_busy = true;
  entry.standing.state = ActionState::Triggered;
  entry.standing.detail = "is taken back";
  return step;
}

Result<std::optional<ActionStep>> ActionBook::run(std::string_view name, const std::string& by, Now now) {
  const auto found = named(name);
  if (!found) return fail(found);
  Entry& entry = **found;
  const std::string& own = entry.standing.name;
  if (entry.is_busy) return no(FailureKind::Exhausted, fmt::format("{} is at work: {}", own, entry.standing.detail));
  if (entry.active && !entry.is_stuck) {
    return no(FailureKind::Exhausted, fmt::format("{} was triggered on {} and is not taken back yet: {}", own,
                                                  to_rfc3339(entry.active->began_at), entry.standing.detail));
  }
  if (const auto why = why_not(entry, now)) return no(FailureKind::Exhausted, fmt::format("{} {}", own, why->second));
  Alert asked;
  asked.rule = kByHand;
  asked.subject = own;
  asked.severity = AlertSeverity::Info;
  asked.summary = fmt::format("{} asked for it", by);
  asked.since = now.wall;
  return begin(entry, asked, by, now);
}

Result<std::optional<ActionStep>> ActionBook::take_back(std::string_view name, const std::string& by, Now now) {
  const auto found = named(name);
  if (!found) return fail(found);
  Entry& entry = **found;
  if (entry.is_busy) return no(FailureKind::Exhausted, fmt::format("{} is at work: {}", entry.standing.name, entry.standing.detail));
  if (!entry.active) return no(FailureKind::NotFound, fmt::format("nothing of {} is in place", entry.standing.name));
  entry.is_held_off = entry.active->begun_by.empty();
  return begin_return(entry, by, now);
}

void ActionBook::begun(const ActionStep& step) {
  if (Entry* entry = find(step.options.name)) entry->standing.state = ActionState::Running;
}

void ActionBook::finished(const ActionStep& step, const Result<std::string>& result, Now now) {
  Entry* entry = find(step.options.name);
  if (!entry) return;
  entry->is_busy = false;
  entry->is_changed = true;
  if (!result) return failed(*entry, step, result.error(), now);
  entry->standing.detail = *result;
  if (step.event == ActionEvent::Trigger) {
    entry->standing.state = ActionState::Done;
    // A program that ended well needs no second message; what changed here, or worked at last, is news.
    const ActionKind kind = step.options.kind;
    const bool is_news = (kind != ActionKind::Command && kind != ActionKind::Webhook) || step.attempt > 1;
    say(step,
        fmt::format("{}{}",
                    step.is_restored   ? "is in force again after the restart: "
                    : step.attempt > 1 ? "worked at last: "
                                       : "is done: ",
                    *result),
        now, AlertSeverity::Info, is_news && !step.is_restored);
    return;
  }
  entry->standing.state = ActionState::Returned;
  entry->active.reset();
  entry->is_stuck = false;
  entry->restored_at.reset();
  const std::string why = step.by.empty() && !step.begun_by.empty() ? "it is no longer configured"
                          : step.by.empty() && std::exchange(entry->is_kept, false)
                              ? fmt::format("the alert is over, and it was in place for {}", rough(now.wall - step.began_at))
                          : step.by.empty() ? fmt::format("the alert is over after {}", rough(now.wall - step.began_at))
                                            : fmt::format("after {}", rough(now.wall - step.began_at));
  say(step, fmt::format("is back: {}; {}{}", why, *result, asked_by(step.by)), now);
}

void ActionBook::failed(Entry& entry, const ActionStep& step, const Failure& failure, Now now) {
  const bool is_trigger = step.event == ActionEvent::Trigger;
  const std::string_view what = is_trigger ? "failed" : "could not be taken back";
  if (failure.retry != Retry::Never && step.attempt < step.options.attempts) {
    const Nanoseconds asked = failure.retry_after ? Nanoseconds(*failure.retry_after) : Nanoseconds(0);
    const Nanoseconds pause = std::max<Nanoseconds>(kBackOff[std::min(step.attempt, kBackOff.size()) - 1], asked);
    entry.again = step;
    ++entry.again->attempt;
    entry.again_at = now.steady + pause;
    entry.standing.state = ActionState::Retrying;
    entry.standing.detail =
        fmt::format("{}: {}; attempt {} of {} in {}", what, failure.detail, step.attempt + 1, step.options.attempts, to_text(pause));
    say(step, entry.standing.detail, now, AlertSeverity::Warning, step.attempt == 1);
    return;
  }
  entry.standing.state = ActionState::Failed;
  entry.standing.detail = failure.detail;
  if (!is_trigger) entry.is_stuck = true;
  say(step,
      fmt::format("{}{}: {}; {}", what, step.attempt > 1 ? fmt::format(" after {} attempts", step.attempt) : "", failure.detail,
                  is_trigger ? "it is not tried again" : "take it back by hand, or ask for its return again"),
      now, AlertSeverity::Warning);
}

void ActionBook::say(const ActionStep& step, std::string text, Now now, AlertSeverity least, bool is_for_people) {
  words_.push_back({.note = {.alert_id = step.alert.id,
                             .rule = step.alert.rule,
                             .severity = std::max(step.alert.severity, least),
                             .action = step.options.name,
                             .text = std::move(text),
                             .at = now.wall},
                    .incident = step.incident,
                    .by = step.by,
                    .is_for_people = is_for_people});
}

std::vector<ActionStanding> ActionBook::list(WallTime now) const {
  std::vector<ActionStanding> out;
  for (const Entry& entry : entries_) {
    ActionStanding& standing = out.emplace_back(entry.standing);
    standing.kind = entry.options.kind;
    standing.max_per_day = entry.options.max_per_day;
    standing.dry_run = entry.options.dry_run;
    if (std::chrono::sys_days(std::chrono::floor<std::chrono::days>(now)) == entry.day) standing.runs_today = entry.runs;
    if (!entry.active) continue;
    standing.incident = entry.active->incident;
    standing.by = entry.active->begun_by;
    standing.began_at = entry.active->began_at;
  }
  return out;
}

std::vector<store::StoredAction> ActionBook::take_changes() {
  std::vector<store::StoredAction> changes;
  for (std::vector<Entry>* list : {&leaving_, &entries_}) {
    for (Entry& entry : *list) {
      if (!std::exchange(entry.is_changed, false)) continue;
      store::StoredAction& one = changes.emplace_back(to_stored(entry.standing.name, entry.options.kind, entry.active));
      if (entry.ran_at) one.ran_at = entry.ran_at->wall;
      one.day = entry.day;
      one.runs = static_cast<std::int64_t>(entry.runs);
    }
  }
  return changes;
}

}  // namespace tidegate::operations
