// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/alert_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace tidegate::monitor {

std::string_view to_string(AlertState state) {
  switch (state) {
    case AlertState::Inactive: return "inactive";
    case AlertState::Pending: return "pending";
    case AlertState::Firing: return "firing";
    case AlertState::Resolved: return "resolved";
  }
  return {};
}

std::string_view to_string(AlertNotice::Kind kind) {
  switch (kind) {
    case AlertNotice::Kind::Firing: return "firing";
    case AlertNotice::Kind::Reminder: return "reminder";
    case AlertNotice::Kind::Resolved: return "resolved";
  }
  return {};
}

std::string alert_id(std::string_view rule, std::string_view subject) {
  // FNV-1a: stable across runs and machines, which std::hash does not promise. No secret, no adversary: subjects are our own words.
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto take = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  };
  take(rule);
  take("\n");
  take(subject);
  return fmt::format("{:016x}", hash);
}

void AlertBook::drop_figures(Alert& alert) {
  alert.recent.clear();
  alert.pool.reset();
  alert.forecast.reset();
}

void AlertBook::step(Entry& entry, AlertState to, Now now, std::vector<AlertChange>& changes) {
  Alert& alert = entry.alert;
  const AlertState from = std::exchange(alert.state, to);
  if (to == AlertState::Resolved) {
    alert.since = now.wall;
    entry.resolved_at = now.steady;
  }
  alert.is_remembered = false;
  changes.push_back({.at = now.wall, .from = from, .to = to, .alert = alert});
  history_.push_front(changes.back());
  drop_figures(history_.front().alert);
  ++steps_made_;
  if (history_.size() > kMostHistory) history_.pop_back();
  if (to == AlertState::Resolved || to == AlertState::Inactive) alert.acknowledged_by.reset();
}

void AlertBook::see(const AlertRule& rule, const AlertObservation& observation, Now now, std::vector<AlertChange>& changes) {
  if (observation.standing == Standing::Unknown) return;
  const Key key(rule.name, observation.subject);
  auto found = entries_.find(key);
  const bool is_bad = observation.standing == Standing::Bad;
  if (found == entries_.end()) {
    if (!is_bad) return;
    const auto of_rule = std::count_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.first.first == rule.name; });
    if (entries_.size() >= kMostAlerts || static_cast<std::size_t>(of_rule) >= kMostAlerts / 2) return;
    found = entries_.emplace(key, Entry{}).first;
    Alert& alert = found->second.alert;
    alert.id = alert_id(rule.name, observation.subject);
    alert.rule = rule.name;
    alert.subject = observation.subject;
  }
  Entry& entry = found->second;
  Alert& alert = entry.alert;
  const bool is_active = alert.state == AlertState::Pending || alert.state == AlertState::Firing;
  if (alert.is_remembered) {
    alert.is_remembered = false;
    if (alert.state == AlertState::Pending) {  // whether it was bad meanwhile, nobody knows
      alert.since = alert.began = now.wall;
      entry.bad_since = now.steady;
    }
  }
  if (is_bad || is_active) {
    alert.severity = observation.severity.value_or(rule.severity);
    alert.value = observation.value;
    alert.threshold = observation.threshold;
    alert.summary = observation.summary;
    alert.pool = observation.pool;
    alert.forecast = observation.forecast;
    if (const auto recent = recent_.find(key); recent != recent_.end()) alert.recent = recent->second;
    alert.runbook = rule.runbook;
    entry.silence = rule.silence;
  }
  if (is_bad && !is_active) {
    alert.since = alert.began = now.wall;
    entry.bad_since = now.steady;
    entry.is_told = false;
    entry.end_told_at.reset();
    step(entry, AlertState::Pending, now, changes);
  }
  if (is_bad && alert.state == AlertState::Pending && now.steady - entry.bad_since >= rule.hold) {
    step(entry, AlertState::Firing, now, changes);
  } else if (!is_bad && alert.state == AlertState::Pending) {
    step(entry, AlertState::Inactive, now, changes);
  } else if (observation.standing == Standing::Clear && alert.state == AlertState::Firing) {
    step(entry, AlertState::Resolved, now, changes);
  }
}

std::vector<AlertChange> AlertBook::judge(const AlertRule& rule, std::span<const AlertObservation> observations, Now now) {
  std::vector<AlertChange> changes;
  drop_old(now);
  remember(rule, observations);
  std::set<std::string_view> named;
  for (const AlertObservation& observation : observations) {
    if (named.insert(observation.subject).second) see(rule, observation, now, changes);
  }
  for (auto& [key, entry] : entries_) {
    if (key.first != rule.name || named.contains(key.second)) continue;
    if (entry.alert.is_remembered && now.steady < entry.remembered_until) continue;
    if (entry.alert.state == AlertState::Pending) step(entry, AlertState::Inactive, now, changes);
    if (entry.alert.state == AlertState::Firing) step(entry, AlertState::Resolved, now, changes);
  }
  return changes;
}

void AlertBook::remember(const AlertRule& rule, std::span<const AlertObservation> observations) {
  if (rule.source == AlertSource::Alarms || rule.source == AlertSource::LimitChanges) return;  // no figures
  std::map<Key, std::vector<double>> now;
  for (const AlertObservation& observation : observations) {
    if (now.size() >= kMostAlerts) break;
    const Key key(rule.name, observation.subject);
    std::vector<double>& values = now[key];
    if (const auto before = recent_.find(key); before != recent_.end()) values = std::move(before->second);
    if (observation.standing == Standing::Unknown) continue;
    if (values.size() >= kMostRecent) values.erase(values.begin());
    values.push_back(observation.value);
  }
  std::erase_if(recent_, [&](const auto& one) { return one.first.first == rule.name; });
  recent_.merge(now);
}

void AlertBook::forget_rules_but(std::span<const AlertRule> rules) {
  std::erase_if(entries_, [&](const auto& entry) {
    return std::none_of(rules.begin(), rules.end(), [&](const AlertRule& rule) { return rule.enabled && rule.name == entry.first.first; });
  });
}

void AlertBook::drop_old(Now now) {
  std::erase_if(entries_, [&](const auto& one) {
    const Entry& entry = one.second;
    const bool is_active = entry.alert.state == AlertState::Pending || entry.alert.state == AlertState::Firing;
    // Kept beyond its showing while somebody silenced it, or as long as it must not be told again.
    if (is_active || entry.alert.is_silenced(now.wall)) return false;
    if (entry.told_at && now.steady - *entry.told_at < entry.silence) return false;
    return entry.alert.state == AlertState::Inactive || (!entry.is_told && now.steady - entry.resolved_at >= kShowResolved) ||
           now.steady - entry.resolved_at >= 2 * kShowResolved;
  });
}

std::vector<AlertNotice> AlertBook::due_notices(Now now) {
  std::vector<AlertNotice> notices;
  for (auto& [key, entry] : entries_) {
    const Alert& alert = entry.alert;
    if (alert.is_silenced(now.wall)) continue;
    if (alert.state == AlertState::Resolved && entry.is_told) {
      entry.is_told = false;
      entry.end_told_at = now.steady;
      notices.push_back({.kind = AlertNotice::Kind::Resolved, .alert = alert, .worst_told = entry.told_severity});
    }
    if (alert.state != AlertState::Firing || alert.is_remembered) continue;
    const bool is_worse = entry.told_at && alert.severity > entry.told_severity;
    const bool is_back = !entry.is_told && now.steady - entry.bad_since >= kLasting;
    const bool is_quiet = entry.told_at && now.steady - *entry.told_at < entry.silence && !is_worse && !is_back;
    const bool is_reminder = entry.is_told && !is_worse;
    if (is_quiet || (is_reminder && (alert.acknowledged_by || entry.silence == Nanoseconds(0)))) continue;
    const bool was_told = std::exchange(entry.is_told, true);
    entry.told_at = now.steady;
    entry.told_at_wall = now.wall;
    entry.told_severity = was_told ? std::max(entry.told_severity, alert.severity) : alert.severity;
    notices.push_back({.kind = is_reminder ? AlertNotice::Kind::Reminder : AlertNotice::Kind::Firing, .alert = alert});
  }
  return notices;
}

AlertBook::Entry* AlertBook::find(std::string_view id) {
  for (auto& [key, entry] : entries_) {
    if (entry.alert.id == id) return &entry;
  }
  return nullptr;
}

bool AlertBook::acknowledge(std::string_view id, std::string by) {
  Entry* entry = find(id);
  if (entry == nullptr) return false;
  if (entry->alert.state != AlertState::Pending && entry->alert.state != AlertState::Firing) return false;
  entry->alert.acknowledged_by = std::move(by);
  return true;
}

bool AlertBook::silence(std::string_view id, WallTime until) {
  Entry* entry = find(id);
  if (entry == nullptr) return false;
  entry->alert.silenced_until = until;
  return true;
}

std::vector<Alert> AlertBook::list(Now now) {
  std::vector<Alert> alerts;
  for (auto& [key, entry] : entries_) {
    Alert& alert = entry.alert;
    if (alert.silenced_until && !alert.is_silenced(now.wall)) alert.silenced_until.reset();
    if (alert.state == AlertState::Inactive) continue;
    if (alert.state == AlertState::Resolved && now.steady - entry.resolved_at >= kShowResolved) continue;
    alerts.push_back(alert);
  }
  const auto rank = [](AlertState state) { return state == AlertState::Firing ? 0 : state == AlertState::Pending ? 1 : 2; };
  std::stable_sort(alerts.begin(), alerts.end(), [&](const Alert& a, const Alert& b) {
    return std::tuple(rank(a.state), -static_cast<int>(a.severity)) < std::tuple(rank(b.state), -static_cast<int>(b.severity));
  });
  return alerts;
}

}  // namespace tidegate::monitor
