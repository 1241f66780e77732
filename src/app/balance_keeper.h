// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/balance_board.h"
#include "store/balance_store.h"

#include <optional>
#include <vector>

namespace tidegate::app {

/// Keeps how the money at providers went over a restart: reads once what an earlier process saw, then saves what is new. What cannot
/// be written is tried again and stays in memory as long as it is shown; the alert keeper's alarm tells of the same file. One thread
/// at a time.
class BalanceKeeper {
 public:
  BalanceKeeper(BalanceBoard& board, store::BalanceStore& store) : board_(board), store_(store) {}

  /// Blocks as long as the store does. After a failure it is tried again once kPause is over.
  void look(Now now);

  static constexpr Seconds kPause{5};

 private:
  [[nodiscard]] Result<void> keep(Now now);

  BalanceBoard& board_;
  store::BalanceStore& store_;
  bool is_read_ = false;
  std::vector<store::StoredBalance> waiting_;  ///< for the store
  std::optional<SteadyTime> failed_at_;
};

}  // namespace tidegate::app
