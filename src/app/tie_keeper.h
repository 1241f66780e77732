// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/alarm_board.h"
#include "base/time.h"
#include "gateway/tie_board.h"
#include "store/tie_store.h"

#include <functional>
#include <string>
#include <vector>

namespace tidegate::app {

/// Keeps who holds what over a restart. Requests wait for none of it: what is noted while they run is stored in groups. One thread at a
/// time, as the store.
class TieKeeper {
 public:
  static constexpr Seconds kEvery{1};
  static constexpr std::size_t kMostPending = 200'000;  ///< while the store fails; older ones then are not stored

  /// All outlive the keeper.
  TieKeeper(gateway::TieBoard& board, store::TieStore& store, AlarmBoard& alarms) : board_(board), store_(store), alarms_(alarms) {}

  /// What earlier processes stored. A failure is an alarm: what they made is then looked for anywhere, until a `save` could read it.
  void restore(Now now);
  /// Stores what is new, once what was stored before has been read. A failure is an alarm; it is tried again with the next call.
  void save(Now now);

 private:
  void note(const Result<void>& done, Now now);

  gateway::TieBoard& board_;
  store::TieStore& store_;
  AlarmBoard& alarms_;
  bool is_restored_ = false;
  std::vector<store::StoredTie> pending_;
};

}  // namespace tidegate::app
