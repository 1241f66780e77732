// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/history_store.h"
#include "store/sqlite/database.h"

#include <filesystem>
#include <optional>

namespace tidegate::store {

/// Alerts and changes of limits in history.db: a file of its own, so that a broken or busy ledger takes neither with it. The views
/// `alerts` (what is over, with begin and end) and `limits` are for people with `sqlite3`. Opened when first needed, and again after a
/// failure.
class SqliteHistory final : public HistoryStore {
 public:
  explicit SqliteHistory(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] Result<void> save(const AlertMemory& memory, WallTime now) override;
  [[nodiscard]] Result<AlertMemory> load(std::size_t most) override;

 private:
  [[nodiscard]] Result<Database*> connect();
  [[nodiscard]] Result<void> write(Database& database, const AlertMemory& memory, WallTime now);
  [[nodiscard]] Result<AlertMemory> read(Database& database, std::size_t most);

  std::filesystem::path path_;
  std::optional<Database> database_;
};

}  // namespace tidegate::store
