// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/directory_key_check.h"

#include <functional>
#include <string>

namespace tidegate::app {

namespace {

/// What a client is told. An unknown key and a wrong secret read alike, so that ids cannot be tried out.
std::string_view refusal_of(store::KeyVerdict verdict) {
  switch (verdict) {
    case store::KeyVerdict::Valid: break;
    case store::KeyVerdict::Malformed:
      return "This gateway wants one of its own keys (tg_…), made by `tidegate keys create`, as x-api-key or Authorization: Bearer.";
    case store::KeyVerdict::Unknown:
    case store::KeyVerdict::WrongSecret: return "This key is not valid here; ask the gateway's operator for another.";
    case store::KeyVerdict::Revoked: return "This key was revoked; ask the gateway's operator for another.";
    case store::KeyVerdict::Expired: return "This key has expired; ask the gateway's operator for another.";
  }
  return "This key is not valid here.";
}

}  // namespace

store::KeyCheck DirectoryKeyCheck::find(std::string_view credential, WallTime now) {
  const std::shared_ptr<const store::DirectorySnapshot>& snapshot = directory_.get();
  if (snapshot != proven_in_) {
    proven_.fill({});
    proven_in_ = snapshot;
  }
  Proven& proven = proven_[std::hash<std::string_view>{}(credential) % proven_.size()];
  if (proven.key != nullptr && store::equal_in_constant_time(proven.credential.reveal(), credential)) {
    return {store::DirectorySnapshot::verdict_at(*proven.key, now), proven.key};
  }
  const store::KeyCheck found = snapshot->check(credential, now);
  if (found.verdict == store::KeyVerdict::Valid) proven = {Secret(std::string(credential)), found.key};
  return found;
}

Result<gateway::Caller> DirectoryKeyCheck::check(std::string_view credential, WallTime now) {
  const store::KeyCheck found = find(credential, now);
  if (found.verdict != store::KeyVerdict::Valid) {
    return fail(FailureKind::Denied, Origin::Client, std::string(refusal_of(found.verdict)));
  }
  gateway::Caller caller{.tenant = found.key->tenant.text(), .key = found.key->id.text(), .user = {}, .session = {}, .agent = {}};
  caller.models = found.key->allowed_models;
  caller.priority = found.key->allowance.priority;
  if (const store::Tenant* const tenant = proven_in_->find_tenant(caller.tenant)) {
    caller.providers = tenant->providers;
    if (!caller.priority) caller.priority = tenant->allowance.priority;
  }
  return caller;
}

}  // namespace tidegate::app
