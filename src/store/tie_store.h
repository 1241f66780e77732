// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tidegate::store {

/// What a provider made and who holds it, kept so that a restart sends nobody to a stranger (gateway::TieBoard).
struct StoredTie {
  std::int64_t kind = 0;  ///< gateway::TieKind
  std::string provider;
  std::string id;    ///< the provider's own, or a hash; never a text
  std::string key;   ///< its name
  std::string pool;

  friend bool operator==(const StoredTie&, const StoredTie&) = default;
};

/// Port. One thread at a time: the keeper's (JournalKeeper::every) while running, the main thread before and after.
class TieStore {
 public:
  virtual ~TieStore() = default;
  /// Puts these in place of what is stored for the same kind, provider and id, as the newest; all or none. Failure: as Ledger::write.
  [[nodiscard]] virtual Result<void> save(std::span<const StoredTie> ties) = 0;
  /// The newest `most` of a kind, the oldest of them first. Lets older ones go.
  [[nodiscard]] virtual Result<std::vector<StoredTie>> load(std::int64_t kind, std::size_t most) = 0;
};

}  // namespace tidegate::store
