// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/storm/key_policies.h"

#include "bench/storm/room_policy.h"

namespace tidegate::storm {

std::string_view to_string(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::Tidegate: return "tidegate";
    case PolicyKind::Clairvoyant: return "clairvoyant";
    case PolicyKind::None: return "none";
    case PolicyKind::RoundRobin: return "round_robin";
    case PolicyKind::Cooldown: return "cooldown";
    case PolicyKind::LeastUsed: return "least_used";
  }
  return "unknown";
}

std::optional<PolicyKind> policy_kind(std::string_view name) {
  for (const PolicyKind kind : {PolicyKind::Tidegate, PolicyKind::Clairvoyant, PolicyKind::None, PolicyKind::RoundRobin,
                                PolicyKind::Cooldown, PolicyKind::LeastUsed}) {
    if (to_string(kind) == name) return kind;
  }
  return std::nullopt;
}

std::unique_ptr<Policy> make_policy(PolicyKind kind, const Surroundings& surroundings) {
  switch (kind) {
    case PolicyKind::Tidegate: return std::make_unique<RoomPolicy>(surroundings, RoomPolicy::Sight::Ordinary);
    case PolicyKind::Clairvoyant: return std::make_unique<RoomPolicy>(surroundings, RoomPolicy::Sight::Clairvoyant);
    case PolicyKind::None: return std::make_unique<PassOn>(surroundings, PassOn::Choice::ByTenant);
    case PolicyKind::RoundRobin: return std::make_unique<PassOn>(surroundings, PassOn::Choice::InTurns);
    case PolicyKind::Cooldown: return std::make_unique<Cooldown>(surroundings);
    case PolicyKind::LeastUsed: return std::make_unique<LeastUsed>(surroundings);
  }
  return nullptr;
}

void PassOn::arrive(SteadyTime, CallId call, const Call& what) {
  const std::size_t keys = surroundings_.organisation_of_key.size();
  surroundings_.desk.send(call, (choice_ == Choice::ByTenant ? what.tenant : next_++) % keys);
}

void PassOn::refused(SteadyTime, CallId call, std::size_t, const Turned& refusal) {
  surroundings_.desk.refuse(call, refusal.status, refusal.retry_after_seconds);
}

Cooldown::Cooldown(const Surroundings& surroundings)
    : surroundings_(surroundings), random_(surroundings.seed ^ 0xC001), cooled_until_(surroundings.organisation_of_key.size(), kBegin) {}

bool Cooldown::send(SteadyTime now, CallId call) {
  std::vector<std::size_t> fit;
  for (std::size_t key = 0; key < cooled_until_.size(); ++key) {
    if (cooled_until_[key] <= now) fit.push_back(key);
  }
  if (fit.empty()) return false;
  surroundings_.desk.send(call, fit[static_cast<std::size_t>(random_.uniform() * static_cast<double>(fit.size()))]);
  return true;
}

void Cooldown::arrive(SteadyTime now, CallId call, const Call&) {
  if (retries_.size() <= call) retries_.resize(call + 1);
  retries_[call] = kRetries;
  if (!send(now, call)) surroundings_.desk.refuse(call, 429, kCooldown);
}

void Cooldown::refused(SteadyTime now, CallId call, std::size_t key, const Turned& refusal) {
  cooled_until_[key] = now + nanoseconds(kCooldown);
  if (retries_[call]-- > 0 && send(now, call)) return;
  surroundings_.desk.refuse(call, refusal.status, refusal.retry_after_seconds);
}

LeastUsed::LeastUsed(const Surroundings& surroundings)
    : surroundings_(surroundings), minutes_(surroundings.organisation_of_key.size()) {}

LeastUsed::Minute& LeastUsed::minute_of(SteadyTime now, std::size_t key) {
  const std::int64_t number = std::chrono::floor<std::chrono::minutes>(now.time_since_epoch()).count();
  Minute& minute = minutes_[key];
  if (minute.number != number) minute = Minute{.number = number};
  return minute;
}

void LeastUsed::arrive(SteadyTime now, CallId call, const Call& what) {
  const double input = what.body_bytes / 4;
  std::optional<std::size_t> best;
  for (std::size_t key = 0; key < minutes_.size(); ++key) {
    const sim::GroupLimits& limits = surroundings_.providers[surroundings_.organisation_of_key[key]]->limits();
    const Minute& minute = minute_of(now, key);
    if (limits.requests && minute.requests + 1 > *limits.requests) continue;
    if (limits.input_tokens && minute.tokens + input > *limits.input_tokens + limits.output_tokens.value_or(0)) continue;
    if (!best || minute.tokens < minutes_[*best].tokens) best = key;
  }
  if (!best) return surroundings_.desk.refuse(call, 429, 60);
  ++minute_of(now, *best).requests;
  if (running_.size() <= call) running_.resize(call + 1);
  running_[call] = {.key = *best};
  surroundings_.desk.send(call, *best);
}

void LeastUsed::refused(SteadyTime, CallId call, std::size_t, const Turned& refusal) {
  surroundings_.desk.refuse(call, refusal.status, refusal.retry_after_seconds);
}

void LeastUsed::head(SteadyTime, CallId call, const Head& head) { running_[call].tokens += head.counted_input; }
void LeastUsed::produced(SteadyTime, CallId call, double tokens) { running_[call].tokens += tokens; }
void LeastUsed::ended(SteadyTime now, CallId call) { minute_of(now, running_[call].key).tokens += running_[call].tokens; }

}  // namespace tidegate::storm
