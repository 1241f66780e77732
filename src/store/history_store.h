// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "monitor/alert_book.h"
#include "monitor/alert_inputs.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace tidegate::store {

/// What alerts and limits were, so that a restart does not forget it.
struct AlertMemory {
  std::vector<monitor::AlertStanding> standings;     ///< of now
  std::vector<monitor::AlertChange> steps;           ///< oldest first, alerts without `recent`
  std::vector<monitor::LimitChange> limit_changes;   ///< oldest first
  std::map<std::string, std::string> threads = {};   ///< of now: what receivers must know of what they were told, by receiver
};

/// Port. One thread at a time.
class HistoryStore {
 public:
  virtual ~HistoryStore() = default;
  /// Puts standings and threads in place of those that are stored, and adds the rest to what is there; all or nothing. What is older than
  /// kKept, and of each kind what is beyond the newest kMost, goes. Failure: as Ledger::write.
  [[nodiscard]] virtual Result<void> save(const AlertMemory& memory, WallTime now) = 0;
  /// Standings and threads, and of the rest the newest `most` of each kind.
  [[nodiscard]] virtual Result<AlertMemory> load(std::size_t most) = 0;

  static constexpr std::size_t kMost = 10'000;
  static constexpr std::chrono::days kKept{400};
};

}  // namespace tidegate::store
