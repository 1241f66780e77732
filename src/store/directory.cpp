// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/directory.h"

namespace tidegate::store {

std::string_view to_string(KeyVerdict verdict) {
  switch (verdict) {
    case KeyVerdict::Valid: return "valid";
    case KeyVerdict::Malformed: return "malformed";
    case KeyVerdict::Unknown: return "unknown";
    case KeyVerdict::WrongSecret: return "wrong_secret";
    case KeyVerdict::Revoked: return "revoked";
    case KeyVerdict::Expired: return "expired";
  }
  return "unknown";
}

DirectorySnapshot::DirectorySnapshot(std::vector<Tenant> tenants, std::vector<VirtualKey> keys) {
  for (Tenant& tenant : tenants) {
    std::string id = tenant.id.text();
    tenants_.emplace(std::move(id), std::move(tenant));
  }
  for (VirtualKey& key : keys) {
    std::string id = key.id.text();
    keys_.emplace(std::move(id), std::move(key));
  }
}

KeyCheck DirectorySnapshot::check(std::string_view presented, WallTime now) const {
  const auto parts = parse_key(presented);
  if (!parts) return {KeyVerdict::Malformed, nullptr};
  const Sha256 digest = sha256(parts->secret);
  const VirtualKey* key = find_key(parts->id);
  if (key == nullptr) return {KeyVerdict::Unknown, nullptr};
  // The secret first: only its owner learns that a key was revoked or has expired.
  if (!equal_in_constant_time(digest, key->secret_sha256)) return {KeyVerdict::WrongSecret, key};
  return {verdict_at(*key, now), key};
}

KeyVerdict DirectorySnapshot::verdict_at(const VirtualKey& key, WallTime now) {
  if (key.revoked_at && *key.revoked_at <= now) return KeyVerdict::Revoked;
  if (key.expires_at && *key.expires_at <= now) return KeyVerdict::Expired;
  return KeyVerdict::Valid;
}

const VirtualKey* DirectorySnapshot::find_key(std::string_view id) const {
  const auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : &found->second;
}

const Tenant* DirectorySnapshot::find_tenant(std::string_view id) const {
  const auto found = tenants_.find(id);
  return found == tenants_.end() ? nullptr : &found->second;
}

}  // namespace tidegate::store
