// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/board.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "quota/allowance.h"
#include "store/key_hash.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidegate::store {

struct Tenant {
  TenantId id;
  std::string name;
  quota::Allowance allowance;
  std::vector<std::string> providers = {};  ///< where its prompts may go; empty: to all

  friend bool operator==(const Tenant&, const Tenant&) = default;
};

/// A key that Tidegate gave out. The secret itself is nowhere.
struct VirtualKey {
  KeyId id;
  TenantId tenant;
  std::string name;  ///< for people
  Sha256 secret_sha256{};
  WallTime created_at;
  std::optional<WallTime> expires_at;
  std::optional<WallTime> revoked_at;
  std::vector<std::string> allowed_models;  ///< globs; empty = all
  std::map<std::string, std::string> labels;
  quota::Allowance allowance;

  friend bool operator==(const VirtualKey&, const VirtualKey&) = default;
};

/// What a presented key is worth.
enum class KeyVerdict : std::uint8_t { Valid, Malformed, Unknown, WrongSecret, Revoked, Expired };
[[nodiscard]] std::string_view to_string(KeyVerdict verdict);

struct KeyCheck {
  KeyVerdict verdict = KeyVerdict::Malformed;
  const VirtualKey* key = nullptr;  ///< for all verdicts after Unknown; lives as long as the snapshot
};

/// All tenants and keys at one moment. Immutable; any thread.
class DirectorySnapshot {
 public:
  DirectorySnapshot() = default;
  DirectorySnapshot(std::vector<Tenant> tenants, std::vector<VirtualKey> keys);

  /// Checks a key as a client presented it. Unknown ids take as long as known ones: the secret is hashed either way.
  [[nodiscard]] KeyCheck check(std::string_view presented, WallTime now) const;
  /// Valid, Revoked or Expired, of a key whose secret was right.
  [[nodiscard]] static KeyVerdict verdict_at(const VirtualKey& key, WallTime now);
  /// Null if there is none.
  [[nodiscard]] const VirtualKey* find_key(std::string_view id) const;
  [[nodiscard]] const Tenant* find_tenant(std::string_view id) const;
  [[nodiscard]] std::size_t key_count() const { return keys_.size(); }
  /// Calls `take` with each, in no order.
  template <typename Take>
  void for_each_tenant(Take take) const {
    for (const auto& [id, tenant] : tenants_) take(tenant);
  }
  template <typename Take>
  void for_each_key(Take take) const {
    for (const auto& [id, key] : keys_) take(key);
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, Tenant, Hash, std::equal_to<>> tenants_;
  std::unordered_map<std::string, VirtualKey, Hash, std::equal_to<>> keys_;
};

/// The snapshot in force; swapped by the keeper's thread.
using DirectoryBoard = Board<DirectorySnapshot>;
/// A worker's look at it.
using DirectoryView = BoardView<DirectorySnapshot>;

/// What a new key is to be.
struct NewKey {
  TenantId tenant;
  std::string name;
  std::optional<WallTime> expires_at;
  std::vector<std::string> allowed_models;
  std::map<std::string, std::string> labels;
  quota::Allowance allowance;
};

struct CreatedKey {
  VirtualKey key;
  Secret plain;  ///< tg_…; shown once, then gone
};

/// Port to where tenants and keys are kept. One thread at a time. Failures: as the database gives them.
class Directory {
 public:
  virtual ~Directory() = default;
  /// Makes the tenant if there is none of that id. Failure: InvalidInput for an empty tenant or name.
  [[nodiscard]] virtual Result<CreatedKey> create_key(const NewKey& wanted, WallTime now) = 0;
  /// Failure: NotFound. A key that is revoked already keeps its first time.
  [[nodiscard]] virtual Result<void> revoke_key(const KeyId& id, WallTime now) = 0;
  /// What a key may take from now on. Failure: NotFound.
  [[nodiscard]] virtual Result<void> allow_key(const KeyId& id, const quota::Allowance& allowance) = 0;
  /// Ordered by creation.
  [[nodiscard]] virtual Result<std::vector<VirtualKey>> list_keys() = 0;
  /// Adds it or puts it in place of the one with its id.
  [[nodiscard]] virtual Result<void> put_tenant(const Tenant& tenant) = 0;
  [[nodiscard]] virtual Result<std::vector<Tenant>> list_tenants() = 0;
  /// A new snapshot if anything changed since the last call, by this or another process; null if not. Cheap enough for
  /// each second.
  [[nodiscard]] virtual Result<std::shared_ptr<const DirectorySnapshot>> changed_snapshot() = 0;
};

}  // namespace tidegate::store
