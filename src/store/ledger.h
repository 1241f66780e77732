// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "store/attempt_records.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace tidegate::store {

/// Port to the database that keeps the entries. One thread (the keeper's). Its calls may take long and may fail; nobody
/// but the keeper waits for them.
class Ledger {
 public:
  virtual ~Ledger() = default;

  /// Adds all attempts or none, durably. An id that is there already is left as it is: the first write counts, because
  /// what is replayed a second time may have lost records that the first time were there. Failure: Io, Exhausted,
  /// Denied, Corrupt, Timeout.
  [[nodiscard]] virtual Result<void> write(std::span<const AttemptRecords* const> attempts) = 0;

  /// The greatest id, 0 if there is none.
  [[nodiscard]] virtual Result<AttemptId> last_id() = 0;

  /// Housekeeping, called between writes: moves the write-ahead log on, deletes a bounded number of entries older than
  /// `oldest`.
  [[nodiscard]] virtual Result<void> maintain(AttemptId oldest) = 0;
};

/// How the way from journal to database is doing.
struct LedgerHealth {
  /// Finished attempts that wait for the database; of what earlier processes left, as far as it was read.
  std::size_t undrained = 0;
  std::size_t open_attempts = 0;   ///< begun and not ended, as far as the keeper has read
  std::size_t journal_bytes = 0;   ///< disk space that the journal holds
  std::uint64_t not_recorded = 0;  ///< records that found no room since the start
  std::uint64_t drained = 0;       ///< entries handed to the database since the start
  std::uint64_t damaged = 0;       ///< places in the journal where something lay that is no whole record
  std::uint64_t failures = 0;      ///< attempts to hand entries over that the database refused
  std::string last_error;          ///< of the latest failure that lasts; empty when all is well
  std::optional<WallTime> failing_since;

  friend bool operator==(const LedgerHealth&, const LedgerHealth&) = default;
};

}  // namespace tidegate::store
