// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/sqlite/database.h"
#include "store/tie_store.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>

namespace tidegate::store {

/// The ties in a table of ledger.db, over a connection of its own that is opened when needed. Of a kind that was loaded, no more than some
/// above what was asked for then are kept.
class SqliteTies final : public TieStore {
 public:
  explicit SqliteTies(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] Result<void> save(std::span<const StoredTie> ties) override;
  [[nodiscard]] Result<std::vector<StoredTie>> load(std::int64_t kind, std::size_t most) override;

 private:
  [[nodiscard]] Result<Database*> connect();
  [[nodiscard]] Result<void> trim(Database& database);

  std::filesystem::path path_;
  std::optional<Database> database_;
  std::map<std::int64_t, std::size_t> most_;  ///< by kind
  std::size_t saved_ = 0;                     ///< since the last `trim`
};

}  // namespace tidegate::store
