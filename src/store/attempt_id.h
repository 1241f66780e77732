// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "store/entry.h"

#include <cstdint>

namespace tidegate::store {

/// How many workers an AttemptId can tell apart.
inline constexpr unsigned kMaxWorkers = 64;

/// The smallest id that an attempt of that instant, or of a later one, can have: the ledger's time ranges are ranges of
/// ids. Before 2026 it is 0.
[[nodiscard]] AttemptId first_id_at(WallTime time);
/// When the id was given, to the millisecond.
[[nodiscard]] WallTime time_of(AttemptId id);

/// Gives one worker's attempt ids. One thread.
/// Every id is greater than the one before, even if the wall clock jumps back, and greater than `last_known`, so that
/// ids never repeat over a restart (pass the greatest id that journal and ledger hold: JournalKeeper::last_id).
class AttemptIdSource {
 public:
  /// `worker` < kMaxWorkers.
  AttemptIdSource(unsigned worker, AttemptId last_known);

  [[nodiscard]] AttemptId next(Now now);

 private:
  std::int64_t worker_;
  std::int64_t milliseconds_;  ///< of the last id, since 2026-01-01
  std::int64_t sequence_;      ///< the next id's
};

}  // namespace tidegate::store
