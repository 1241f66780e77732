// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/key_ring.h"

#include <algorithm>

namespace tidegate::quota {
namespace {

constexpr Seconds kFirstPause(60);
constexpr Seconds kLongestPause(900);
constexpr std::size_t kMostForgotten = 1'000;  ///< keys that are gone are remembered, so that one that comes back is known

}  // namespace

std::string_view to_string(KeyRing::Fault fault) {
  switch (fault) {
    case KeyRing::Fault::Authentication: return "authentication";
    case KeyRing::Fault::Permission: return "permission";
    case KeyRing::Fault::Billing: return "billing";
  }
  return "unknown";
}

KeyRing::Key* KeyRing::find(std::string_view name) {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.spec.name == name; });
  return found == keys_.end() ? nullptr : &*found;
}

void KeyRing::set_keys(std::span<const KeySpec> keys) {
  const std::lock_guard lock(mutex_);
  for (Key& key : keys_) key.present = false;
  for (const KeySpec& spec : keys) {
    Key* known = find(spec.name);
    if (known == nullptr) known = &keys_.emplace_back();
    known->spec = spec;
    known->present = true;
  }
  while (keys_.size() > keys.size() + kMostForgotten) {
    keys_.erase(std::find_if(keys_.begin(), keys_.end(), [](const Key& key) { return !key.present; }));
  }
  changed();
}

void KeyRing::learn(std::string_view key, std::string_view organisation) {
  if (organisation.empty()) return;
  const std::lock_guard lock(mutex_);
  Key* const known = find(key);
  if (known == nullptr || known->organisation == organisation) return;
  known->organisation = organisation;
  changed();
}

bool KeyRing::refuse(std::string_view key, Fault fault, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Key* const known = find(key);
  if (known == nullptr) return false;
  if (!known->fault) faults_.fetch_add(1, std::memory_order_relaxed);
  known->fault = fault;
  const bool is_last = std::none_of(keys_.begin(), keys_.end(), [&](const Key& other) { return &other != known && other.present && !other.is_out; });
  if (known->is_out || is_last || !known->present) return known->is_out || !known->present;
  known->is_out = true;
  const auto pause = kFirstPause * (1 << std::min(known->refusals, 4));
  ++known->refusals;
  known->back_at = now + std::min<Nanoseconds>(pause, kLongestPause);
  changed();
  return true;
}

bool KeyRing::accept(std::string_view key) {
  const std::lock_guard lock(mutex_);
  Key* const known = find(key);
  if (known == nullptr || !known->fault) return false;
  faults_.fetch_sub(1, std::memory_order_relaxed);
  known->fault.reset();
  known->refusals = 0;
  known->is_out = false;
  changed();
  return true;
}

void KeyRing::put_back(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  bool any = false;
  for (Key& key : keys_) {
    if (!key.is_out || key.back_at > now) continue;
    key.is_out = false;
    any = true;
  }
  if (any) changed();
}

std::optional<SteadyTime> KeyRing::next_return() const {
  const std::lock_guard lock(mutex_);
  std::optional<SteadyTime> next;
  for (const Key& key : keys_) {
    if (key.is_out && (!next || key.back_at < *next)) next = key.back_at;
  }
  return next;
}

std::vector<KeyRing::Entry> KeyRing::entries() const {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> entries;
  for (const Key& key : keys_) {
    Entry& entry = entries.emplace_back();
    entry.name = key.spec.name;
    const std::string& organisation = key.organisation.empty() ? key.spec.organisation : key.organisation;
    entry.is_known = !organisation.empty();
    entry.pool = entry.is_known ? organisation : "key:" + key.spec.name;
    if (!key.spec.workspace.empty()) entry.pool += "/" + key.spec.workspace;
    entry.in_rotation = key.present && !key.is_out;
    entry.draining = !key.present;
    entry.fault = key.fault;
    if (key.is_out) entry.back_at = key.back_at;
  }
  return entries;
}

}  // namespace tidegate::quota
