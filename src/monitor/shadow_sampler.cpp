// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/shadow_sampler.h"

#include "monitor/shadow_hash.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tidegate::monitor {

bool is_in_shadow_sample(const ShadowOptions& options, std::string_view request_id, std::string_view session) {
  if (!options.is_on() || options.share <= 0) return false;
  if (options.share >= 1) return true;
  const bool whole_session = options.by == ShadowBy::Session && !session.empty();
  const auto bound = static_cast<std::uint64_t>(std::ldexp(options.share, 64));  // below 2^64, because share is below 1
  return stable_hash(whole_session ? session : request_id) < bound;
}

std::string_view to_string(ShadowDecision decision) {
  switch (decision) {
    case ShadowDecision::Send: return "send";
    case ShadowDecision::Off: return "off";
    case ShadowDecision::NotSampled: return "not_sampled";
    case ShadowDecision::Starting: return "starting";
    case ShadowDecision::Headroom: return "headroom";
    case ShadowDecision::Budget: return "budget";
    case ShadowDecision::Minute: return "minute";
    case ShadowDecision::Concurrency: return "concurrency";
  }
  return {};
}

std::int64_t ShadowGate::day_of(Now now) { return std::chrono::floor<std::chrono::days>(now.wall).time_since_epoch().count(); }

void ShadowGate::move_to(Now now) {
  if (const std::int64_t today = day_of(now); today != day_) {
    day_ = today;
    spent_ = Money();
  }
  while (!sent_.empty() && now.steady - sent_.front() >= Seconds(60)) sent_.pop_front();
}

void ShadowGate::restore(Money spent_today, Now now) {
  move_to(now);
  if (!restored_) spent_ += spent_today;
  restored_ = true;
}

ShadowDecision ShadowGate::ask(const ShadowQuestion& question, Now now) {
  if (!options_.is_on()) return ShadowDecision::Off;
  if (!is_in_shadow_sample(options_, question.request_id, question.session)) return ShadowDecision::NotSampled;
  if (!restored_) return ShadowDecision::Starting;
  if (question.headroom && *question.headroom < options_.min_headroom) return ShadowDecision::Headroom;
  move_to(now);
  // A free copy does not pass a spent budget either: its price may be unknown, and then it is not free.
  const Money after = spent_ + reserved_ + question.estimate;
  if (after > options_.budget || spent_ + reserved_ >= options_.budget) return ShadowDecision::Budget;
  if (sent_.size() >= options_.max_per_minute) return ShadowDecision::Minute;
  if (running_ >= options_.max_concurrent) return ShadowDecision::Concurrency;
  reserved_ += question.estimate;
  ++running_;
  sent_.push_back(now.steady);
  return ShadowDecision::Send;
}

void ShadowGate::settle(Money estimate, Money cost, Now now) {
  move_to(now);
  if (running_ > 0) --running_;
  reserved_ -= std::min(reserved_, estimate);
  spent_ += cost;
}

}  // namespace tidegate::monitor
