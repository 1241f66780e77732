// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/alarm_board.h"
#include "app/shadow_board.h"
#include "base/time.h"
#include "store/ledger_query.h"

#include <set>
#include <string>
#include <utility>

namespace tidegate::app {

/// Raises `official_slower` and `official_failing` while a provider loses ground against the one that answers copies of its
/// requests, and clears them afterwards. One thread; a look may take half a second.
class ShadowWatch {
 public:
  void look(ShadowBoard& board, AlarmBoard& alarms, Now now);

 private:
  std::set<std::pair<std::string, std::string>> raised_;  ///< kind and subject
};

/// Gives the board what copies cost since the day (UTC) began, unless it knows. Failure: the ledger's; nothing is sent then, and it may be
/// tried again.
[[nodiscard]] Result<void> restore_shadow_spending(ShadowBoard& board, store::LedgerQueries& ledger, Now now);

}  // namespace tidegate::app
