// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/alert_book.h"

#include <algorithm>
#include <utility>

// What of the book outlives the process.
namespace tidegate::monitor {

namespace {

/// Never ahead: the clock may have been set back.
SteadyTime steady_of(WallTime at, Now now) { return now.steady - std::max(Nanoseconds(0), Nanoseconds(now.wall - at)); }

bool is_active(AlertState state) { return state == AlertState::Pending || state == AlertState::Firing; }

}  // namespace

std::vector<AlertStanding> AlertBook::standings(Now now, SteadyTime delivered) const {
  std::vector<AlertStanding> out;
  for (const auto& [key, entry] : entries_) {
    AlertStanding standing{.alert = entry.alert,
                           .silence = entry.silence,
                           .is_told = false,
                           .told_at = {},
                           .told_severity = entry.told_severity};
    drop_figures(standing.alert);
    standing.alert.is_remembered = false;
    if (entry.told_at && *entry.told_at < delivered) {
      standing.told_at = entry.told_at_wall;
      standing.is_told = entry.is_told;
    }
    // The end is on its way, and a receiver that never hears of it would believe in the alert for ever.
    if (entry.end_told_at && *entry.end_told_at >= delivered) standing.is_told = true;
    const bool is_quiet = standing.told_at && now.steady - *entry.told_at < entry.silence;
    if (entry.alert.state == AlertState::Firing || entry.alert.is_silenced(now.wall) || entry.alert.acknowledged_by ||
        standing.is_told || is_quiet) {
      out.push_back(std::move(standing));
    }
  }
  return out;
}

void AlertBook::restore(std::vector<AlertStanding> standings, std::vector<AlertChange> steps, Now now) {
  for (AlertStanding& standing : standings) {
    if (entries_.size() >= kMostAlerts) break;
    Key key(standing.alert.rule, standing.alert.subject);
    const auto [found, is_new] = entries_.try_emplace(std::move(key));
    Entry& entry = found->second;
    if (!is_new) {  // it was found again before the past could be read
      if (!entry.alert.acknowledged_by && is_active(entry.alert.state) && is_active(standing.alert.state)) {
        entry.alert.acknowledged_by = standing.alert.acknowledged_by;
      }
      if (!entry.alert.silenced_until) entry.alert.silenced_until = standing.alert.silenced_until;
      continue;
    }
    entry.alert = std::move(standing.alert);
    drop_figures(entry.alert);
    entry.alert.is_remembered = is_active(entry.alert.state);
    entry.remembered_until = now.steady + kRemembered;
    entry.bad_since = steady_of(entry.alert.began, now);
    // Shown from now on if the end is still to be told.
    entry.resolved_at = standing.is_told ? now.steady : steady_of(entry.alert.since, now);
    entry.silence = standing.silence;
    entry.is_told = standing.is_told;
    if (standing.told_at) {
      entry.told_at = steady_of(*standing.told_at, now);
      entry.told_at_wall = *standing.told_at;
    }
    entry.told_severity = standing.told_severity;
  }
  for (auto step = steps.rbegin(); step != steps.rend() && history_.size() < kMostHistory; ++step)
    history_.push_back(std::move(*step));
}

}  // namespace tidegate::monitor
