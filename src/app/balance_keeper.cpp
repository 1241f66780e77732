// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/balance_keeper.h"

#include <utility>

namespace tidegate::app {

void BalanceKeeper::look(Now now) {
  for (store::StoredBalance& reading : board_.take_new()) waiting_.push_back(std::move(reading));
  if (waiting_.size() > store::BalanceStore::kMostReadings) waiting_.clear();  // months without a disk
  if (failed_at_ && now.steady - *failed_at_ < kPause) return;
  failed_at_ = keep(now) ? std::nullopt : std::optional(now.steady);
}

Result<void> BalanceKeeper::keep(Now now) {
  if (!is_read_) {
    auto earlier = store_.readings(now.wall - BalanceBoard::kKept);
    if (!earlier) return fail(earlier);
    board_.restore(std::move(*earlier));
    is_read_ = true;
  }
  if (waiting_.empty()) return {};
  if (Result<void> added = store_.add(waiting_, now.wall); !added) return added;
  waiting_.clear();
  return {};
}

}  // namespace tidegate::app
