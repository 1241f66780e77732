// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/operations_store.h"
#include "store/sqlite/database.h"

#include <filesystem>
#include <optional>

namespace tidegate::store {

/// In directory.db, beside the tenants whose limits are changed: both are one transaction. Over a connection of its own, opened when
/// first needed.
class SqliteOperations final : public OperationsStore {
 public:
  explicit SqliteOperations(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] Result<void> save(const StoredAction& action) override;
  [[nodiscard]] Result<std::vector<StoredAction>> load() override;
  [[nodiscard]] Result<void> add(const AuditEntry& entry) override;
  [[nodiscard]] Result<std::vector<AuditEntry>> newest(std::size_t most) override;
  [[nodiscard]] Result<ScaledLimits> scale_limits(const std::string& holder, const TenantId& tenant, double factor) override;
  [[nodiscard]] Result<LimitsReturn> return_limits(const std::string& holder) override;

 private:
  [[nodiscard]] Result<Database*> connect();

  std::filesystem::path path_;
  std::optional<Database> database_;
};

}  // namespace tidegate::store
