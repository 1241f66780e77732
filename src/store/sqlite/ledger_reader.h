// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/ledger_query.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace tidegate::store {

/// Answers questions from a data directory, of a running instance or of one that stopped or was killed: ledger.db, read
/// only, and the entries that are still in the journal. Of a running instance, attempts that were not charged yet are
/// left out; of one that died they are what its next start will make of them. Opens the files anew for each question; a
/// ledger.db that does not exist is empty. Failure: as Database::open.
class LedgerReader final : public LedgerQueries {
 public:
  /// Whose the journal is.
  enum class Writers : std::uint8_t {
    AsFound,  ///< a running instance's, if one holds the directory
    None,     ///< nobody's: the caller holds the directory, and its own workers have not begun to write
  };
  explicit LedgerReader(std::filesystem::path directory, Writers writers = Writers::AsFound)
      : directory_(std::move(directory)), writers_(writers) {}

  /// Failure: NotFound where no instance ever kept a ledger. The questions below take such a directory for an empty one,
  /// which it is to an instance that starts; to a person who asks it is a mistyped one, in which nothing may be found.
  [[nodiscard]] Result<void> check() const;

  [[nodiscard]] Result<void> for_each(const EntryFilter& filter,
                                      const std::function<bool(const LedgerEntry&)>& take) override;
  [[nodiscard]] Result<std::vector<CostRow>> aggregate(const EntryFilter& filter,
                                                       std::span<const Dimension> by) override;

  /// At most `most` entries, the newest first.
  [[nodiscard]] Result<std::vector<LedgerEntry>> newest(const EntryFilter& filter, std::size_t most);

 private:
  std::filesystem::path directory_;
  Writers writers_;
};

}  // namespace tidegate::store
