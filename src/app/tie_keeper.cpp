// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/tie_keeper.h"

#include <utility>

namespace tidegate::app {

void TieKeeper::note(const Result<void>& done, Now now) {
  if (done) return alarms_.clear("ties", {}, now.wall);
  alarms_.raise({.kind = "ties",
                 .subject = {},
                 .severity = Severity::Warning,
                 .message = done.error().detail +
                            "; after a restart, requests that speak of files, batches or earlier answers may go to a key that does not "
                            "hold them",
                 .since = now.wall});
}

void TieKeeper::restore(Now now) {
  for (std::size_t kind = 0; kind < gateway::kTieKinds; ++kind) {
    auto ties = store_.load(static_cast<std::int64_t>(kind), gateway::TieBoard::kUsualSizes[kind]);
    if (!ties) return note(fail(ties), now);
    for (store::StoredTie& tie : *ties) {
      board_.restore({static_cast<gateway::TieKind>(kind), std::move(tie.provider), std::move(tie.id), {std::move(tie.key), std::move(tie.pool)}});
    }
  }
  is_restored_ = true;
  note({}, now);
}

void TieKeeper::save(Now now) {
  if (!is_restored_) restore(now);
  for (gateway::TieBoard::Tie& tie : board_.take_news()) {
    pending_.push_back({static_cast<std::int64_t>(tie.kind), std::move(tie.provider), std::move(tie.id), std::move(tie.holder.key), std::move(tie.holder.pool)});
  }
  if (pending_.empty()) return;
  if (pending_.size() > kMostPending) pending_.erase(pending_.begin(), pending_.end() - kMostPending);
  const Result<void> saved = store_.save(pending_);
  note(saved, now);
  if (saved) pending_.clear();
}

}  // namespace tidegate::app
