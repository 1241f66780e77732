// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/balance_store.h"
#include "store/history_store.h"
#include "store/sqlite/database.h"

#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace tidegate::store {

/// Alerts, changes of limits and balances in history.db: a file of its own, so that a broken or busy ledger takes none with it. The
/// views `alerts` (what is over, with begin and end), `limits` and `balances` are for people with `sqlite3`. Opened when first needed,
/// and again after a failure.
class SqliteHistory final : public HistoryStore, public BalanceStore {
 public:
  explicit SqliteHistory(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] Result<void> save(const AlertMemory& memory, WallTime now) override;
  [[nodiscard]] Result<AlertMemory> load(std::size_t most) override;
  [[nodiscard]] Result<void> add(std::span<const StoredBalance> readings, WallTime now) override;
  [[nodiscard]] Result<std::vector<StoredBalance>> readings(WallTime since) override;

 private:
  [[nodiscard]] Result<Database*> connect();
  [[nodiscard]] Result<void> write(Database& database, const AlertMemory& memory, WallTime now);
  [[nodiscard]] Result<AlertMemory> read(Database& database, std::size_t most);
  [[nodiscard]] Result<void> add(Database& database, std::span<const StoredBalance> readings, WallTime now);
  [[nodiscard]] Result<std::vector<StoredBalance>> read_balances(Database& database, WallTime since);

  std::filesystem::path path_;
  std::optional<Database> database_;
};

}  // namespace tidegate::store
