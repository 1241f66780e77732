// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/limits_store.h"
#include "store/sqlite/database.h"

#include <filesystem>
#include <optional>

namespace tidegate::store {

/// The limits in a table of ledger.db, over a connection of its own that is opened when needed.
class SqliteLimits final : public LimitsStore {
 public:
  explicit SqliteLimits(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] Result<void> save(std::span<const StoredLimit> limits) override;
  [[nodiscard]] Result<std::vector<StoredLimit>> load() override;

 private:
  [[nodiscard]] Result<Database*> connect();

  std::filesystem::path path_;
  std::optional<Database> database_;
};

}  // namespace tidegate::store
