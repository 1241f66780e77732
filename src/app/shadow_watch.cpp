// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/shadow_watch.h"

#include <fmt/format.h>

#include <chrono>

namespace tidegate::app {

void ShadowWatch::look(ShadowBoard& board, AlarmBoard& alarms, Now now) {
  std::set<std::pair<std::string, std::string>> found;
  for (const ShadowBoard::Standing& standing : board.standings(now.steady)) {
    for (monitor::Degradation& degradation : monitor::degraded(standing.recent, standing.day)) {
      const std::string kind = fmt::format("official_{}", to_string(degradation.kind));
      const std::string subject = fmt::format("{} against {}", standing.recent.official_provider, standing.recent.shadow_provider);
      alarms.raise(
          {.kind = kind, .subject = subject, .severity = Severity::Warning, .message = std::move(degradation.message), .since = now.wall});
      found.emplace(kind, subject);
    }
  }
  for (const auto& [kind, subject] : raised_) {
    if (!found.contains({kind, subject})) alarms.clear(kind, subject, now.wall);
  }
  raised_ = std::move(found);
}

Result<void> restore_shadow_spending(ShadowBoard& board, store::LedgerQueries& ledger, Now now) {
  if (!board.misses_past()) return {};
  store::EntryFilter today;
  today.since = std::chrono::floor<std::chrono::days>(now.wall);
  Money spent;
  const Result<void> read = ledger.for_each(today, [&](const store::LedgerEntry& entry) {
    if (entry.kind == store::EntryKind::Shadow) spent += entry.cost;
    return true;
  });
  if (!read) return read;
  board.restore(spent, now);
  return {};
}

}  // namespace tidegate::app
