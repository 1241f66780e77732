// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/key_ring.h"

#include <algorithm>
#include <utility>

namespace tidegate::quota {
namespace {

constexpr Seconds kFirstPause(60);
constexpr Seconds kLongestPause(900);
constexpr std::size_t kMostOutages = 64;  ///< of a key: any text may be a model, and so a group
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

std::string KeyRing::pool_name(std::string_view key, std::string_view organisation, std::string_view workspace) {
  std::string name = organisation.empty() ? "key:" + std::string(key) : std::string(organisation);
  if (!workspace.empty()) name.append(1, '/').append(workspace);
  return name;
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

std::string KeyRing::Key::pool() const {
  return pool_name(spec.name, organisation.empty() ? spec.organisation : organisation, spec.workspace);
}

std::string KeyRing::pool_of(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Key& one) { return one.spec.name == key; });
  return found == keys_.end() ? std::string{} : found->pool();
}

const KeyRing::Outage* KeyRing::Key::outage(std::string_view model_group) const {
  const auto found = outages.find(model_group);
  return found == outages.end() ? nullptr : &found->second;
}

bool KeyRing::Key::is_out(std::string_view model_group) const {
  const auto out = [&](std::string_view group) {
    const Outage* const known = outage(group);
    return known != nullptr && known->is_out;
  };
  return out({}) || (!model_group.empty() && out(model_group));
}

Probe KeyRing::Key::probe(std::string_view model_group) const {
  Probe probe = Probe::None;
  for (const auto& [group, outage] : outages) {
    if (!outage.is_tried || (!group.empty() && group != model_group)) continue;
    if (outage.probe != 0) return Probe::Out;
    probe = Probe::Awaited;
  }
  return probe;
}

bool KeyRing::refuse(std::string_view key, Fault fault, SteadyTime now, std::string_view model_group) {
  const std::lock_guard lock(mutex_);
  Key* const known = find(key);
  if (known == nullptr || !known->present) return known != nullptr;
  auto outage = known->outages.find(model_group);
  if (outage == known->outages.end()) {
    if (known->outages.size() >= kMostOutages) return false;
    outage = known->outages.try_emplace(std::string(model_group)).first;
    faults_.fetch_add(1, std::memory_order_relaxed);
  }
  Outage& out = outage->second;
  out.fault = fault;
  const bool is_last = std::none_of(keys_.begin(), keys_.end(), [&](const Key& other) {
    return &other != known && other.present && !other.is_out(model_group);
  });
  if (out.is_out) return true;
  const bool was_tried = std::exchange(out.is_tried, false);
  out.probe = 0;
  if (is_last) {
    if (was_tried) changed();
    return false;
  }
  out.is_out = true;
  const auto pause = kFirstPause * (1 << std::min(out.refusals, 4));
  ++out.refusals;
  out.back_at = now + std::min<Nanoseconds>(pause, kLongestPause);
  changed();
  return true;
}

bool KeyRing::accept(std::string_view key, std::string_view model_group) {
  const std::lock_guard lock(mutex_);
  Key* const known = find(key);
  if (known == nullptr) return false;
  int cleared = 0;
  for (const std::string_view group : {std::string_view{}, model_group}) {
    const auto outage = known->outages.find(group);
    if (outage == known->outages.end()) continue;
    known->outages.erase(outage);
    ++cleared;
  }
  if (cleared == 0) return false;
  faults_.fetch_sub(cleared, std::memory_order_relaxed);
  changed();
  return true;
}

void KeyRing::put_back(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  bool any = false;
  for (Key& key : keys_) {
    for (auto& [group, outage] : key.outages) {
      if (!outage.is_out || outage.back_at > now) continue;
      outage.is_out = false;
      outage.is_tried = true;
      any = true;
    }
  }
  if (any) changed();
}

std::optional<std::uint64_t> KeyRing::begin_probe(std::string_view key, std::string_view model_group) {
  const std::lock_guard lock(mutex_);
  Key* const known = find(key);
  if (known == nullptr) return 0;
  switch (known->probe(model_group)) {
    case Probe::None: return 0;
    case Probe::Out: return std::nullopt;
    case Probe::Awaited: break;
  }
  ++probes_;
  for (auto& [group, outage] : known->outages) {
    if (outage.is_tried && (group.empty() || group == model_group)) outage.probe = probes_;
  }
  changed();
  return probes_;
}

void KeyRing::end_probe(std::string_view key, std::uint64_t probe) {
  const std::lock_guard lock(mutex_);
  Key* const known = find(key);
  if (known == nullptr || probe == 0) return;
  bool any = false;
  for (auto& [group, outage] : known->outages) {
    if (outage.probe != probe) continue;
    outage.probe = 0;
    any = true;
  }
  if (any) changed();
}

std::optional<SteadyTime> KeyRing::next_return() const {
  const std::lock_guard lock(mutex_);
  std::optional<SteadyTime> next;
  for (const Key& key : keys_) {
    for (const auto& [group, outage] : key.outages) {
      if (outage.is_out && (!next || outage.back_at < *next)) next = outage.back_at;
    }
  }
  return next;
}

std::vector<KeyRing::Entry> KeyRing::entries(std::string_view model_group) const {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> entries;
  for (const Key& key : keys_) {
    Entry& entry = entries.emplace_back();
    entry.name = key.spec.name;
    entry.is_known = key.is_known();
    entry.pool = key.pool();
    entry.in_rotation = key.present && !key.is_out(model_group);
    entry.draining = !key.present;
    entry.probe = key.probe(model_group);
    for (const auto& [group, outage] : key.outages) {
      if (!group.empty() && group != model_group) {
        if (outage.is_out) entry.out_for.push_back(group);
        continue;
      }
      entry.fault = outage.fault;
      if (outage.is_out) entry.back_at = outage.back_at;
    }
  }
  return entries;
}

}  // namespace tidegate::quota
