// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/alert_center.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tidegate::app {

using monitor::AlertObservation;
using monitor::AlertRule;
using monitor::AlertSource;

void AlertCenter::say(std::string line) const {
  if (listeners_.say) listeners_.say(line);
}

void AlertCenter::adopt(const monitor::AlertOptions& options) {
  std::vector<AlertRule> rules = monitor::alert_rules(options);
  const std::lock_guard lock(mutex_);
  enabled_ = options.enabled;
  if (!enabled_) {
    for (AlertRule& rule : rules) rule.enabled = false;
  }
  rules_ = std::move(rules);
  book_.forget_rules_but(rules_);
}

std::optional<std::vector<AlertObservation>> AlertCenter::observe(const AlertRule& rule, const std::vector<AlertRule>& all,
                                                                  Now now) {
  const std::vector<AlertObservation> nothing;
  switch (rule.source) {
    case AlertSource::Requests:
    case AlertSource::Tokens: {
      if (!sources_.pools) return nothing;
      const auto forecasts = sources_.forecasts ? sources_.forecasts() : std::nullopt;
      return monitor::judge_pools(rule, sources_.pools(), forecasts.value_or(std::vector<monitor::PredictedExhaustion>()));
    }
    case AlertSource::DailyCost: return sources_.budgets ? monitor::judge_budgets(rule, sources_.budgets(now)) : nothing;
    case AlertSource::SuccessRate: {
      if (!sources_.use) return nothing;
      // Somebody's windows may all be shorter: then the rule has no figure, and nothing is bad.
      const auto totals = sources_.use(kSuccessWindow, now);
      return totals ? monitor::judge_success(rule, *totals, kSuccessWindow) : nothing;
    }
    case AlertSource::Forecast: {
      if (!sources_.forecasts) return nothing;
      const auto forecasts = sources_.forecasts();
      if (!forecasts) return std::nullopt;
      return monitor::judge_forecasts(rule, *forecasts);
    }
    case AlertSource::Alarms: return sources_.alarms ? monitor::judge_alarms(rule, all, sources_.alarms()) : nothing;
    case AlertSource::LimitChanges: {
      const std::vector<monitor::StatedLimit> stated = sources_.limits ? sources_.limits(now) : std::vector<monitor::StatedLimit>{};
      const std::lock_guard lock(mutex_);
      (void)limits_.look(stated, now.wall);
      return monitor::judge_limit_changes(rule, limits_.changes(), now.wall);
    }
  }
  return nothing;
}

void AlertCenter::look(Now now) {
  const std::vector<AlertRule> rules = this->rules();
  std::vector<monitor::AlertChange> changes;
  for (const AlertRule& rule : rules) {
    if (!rule.enabled) continue;
    const auto [looked, is_first] = looked_at_.try_emplace(rule.name, now.steady);
    if (!is_first && now.steady - looked->second < rule.every) continue;
    looked->second = now.steady;
    const std::optional<std::vector<AlertObservation>> observations = observe(rule, rules, now);
    if (!observations) continue;
    const std::lock_guard lock(mutex_);
    const auto steps = book_.judge(rule, *observations, now);
    changes.insert(changes.end(), steps.begin(), steps.end());
  }
  for (const monitor::AlertChange& change : changes) {
    say(fmt::format("time={} alert={} rule={} id={} {}: {}\n", to_rfc3339(change.at), to_string(change.to), change.alert.rule, change.alert.id,
                    change.alert.subject, change.alert.summary));
  }
  std::vector<monitor::AlertNotice> notices;
  std::vector<monitor::Alert> firing;
  const bool is_all_delivered = !listeners_.is_all_delivered || listeners_.is_all_delivered();
  {
    const std::lock_guard lock(mutex_);
    if (is_all_delivered) delivered_until_ = now.steady;  // not what is told from here on
    notices = book_.due_notices(now);
    firing = book_.list(now);
  }
  std::erase_if(firing, [&](const monitor::Alert& alert) { return alert.state != monitor::AlertState::Firing || alert.is_silenced(now.wall); });
  if (listeners_.notices) listeners_.notices(std::move(notices), firing, now);
}

std::vector<monitor::Alert> AlertCenter::alerts(Now now) {
  const std::lock_guard lock(mutex_);
  return book_.list(now);
}

std::vector<AlertRule> AlertCenter::rules() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

std::vector<monitor::AlertChange> AlertCenter::history() const {
  const std::lock_guard lock(mutex_);
  return {book_.history().begin(), book_.history().end()};
}

std::vector<monitor::LimitChange> AlertCenter::limit_changes() const {
  const std::lock_guard lock(mutex_);
  return limits_.changes();
}

store::AlertMemory AlertCenter::memory_since(Taken& taken, Now now) const {
  const std::lock_guard lock(mutex_);
  store::AlertMemory memory{.standings = book_.standings(now, delivered_until_), .steps = {}, .limit_changes = {}};
  const auto& history = book_.history();
  const auto steps = std::min<std::uint64_t>(book_.steps_made() - taken.steps, history.size());
  memory.steps.assign(history.rend() - static_cast<std::ptrdiff_t>(steps), history.rend());
  const auto& changes = limits_.changes();
  const auto seen = std::min<std::uint64_t>(limits_.changes_seen() - taken.limit_changes, changes.size());
  memory.limit_changes.assign(changes.end() - static_cast<std::ptrdiff_t>(seen), changes.end());
  taken = {.steps = book_.steps_made(), .limit_changes = limits_.changes_seen()};
  return memory;
}

void AlertCenter::restore(store::AlertMemory memory, Now now) {
  const std::lock_guard lock(mutex_);
  limits_.restore(std::move(memory.limit_changes));
  book_.restore(std::move(memory.standings), std::move(memory.steps), now);
  book_.forget_rules_but(rules_);
}

bool AlertCenter::acknowledge(std::string_view id, std::string by, Now now) {
  {
    const std::lock_guard lock(mutex_);
    if (!book_.acknowledge(id, by)) return false;
  }
  say(fmt::format("time={} alert=acknowledged id={} by={}\n", to_rfc3339(now.wall), id, by));
  return true;
}

bool AlertCenter::silence(std::string_view id, Nanoseconds length, std::string_view by, Now now) {
  {
    const std::lock_guard lock(mutex_);
    if (!book_.silence(id, now.wall + length)) return false;
  }
  say(fmt::format("time={} alert=silenced id={} for={} by={}\n", to_rfc3339(now.wall), id, to_text(length), by));
  return true;
}

}  // namespace tidegate::app
