// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/directory.h"
#include "store/sqlite/database.h"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace tidegate::store {

/// Tenants and keys in directory.db: a file of its own, so that a broken ledger that is set aside takes no key with it,
/// and so that a change here is not drowned in the ledger's. Opened when first needed.
class SqliteDirectory final : public Directory {
 public:
  explicit SqliteDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] Result<CreatedKey> create_key(const NewKey& wanted, WallTime now) override;
  [[nodiscard]] Result<void> revoke_key(const KeyId& id, WallTime now) override;
  [[nodiscard]] Result<void> allow_key(const KeyId& id, const quota::Allowance& allowance) override;
  [[nodiscard]] Result<std::vector<VirtualKey>> list_keys() override;
  [[nodiscard]] Result<void> put_tenant(const Tenant& tenant) override;
  [[nodiscard]] Result<std::vector<Tenant>> list_tenants() override;
  [[nodiscard]] Result<std::shared_ptr<const DirectorySnapshot>> changed_snapshot() override;

 private:
  [[nodiscard]] Result<Database*> connect();

  std::filesystem::path path_;
  std::optional<Database> database_;
  std::int64_t seen_version_ = -1;  ///< PRAGMA data_version when the last snapshot was made
  bool changed_here_ = true;        ///< data_version does not count this connection's own changes
};

}  // namespace tidegate::store
