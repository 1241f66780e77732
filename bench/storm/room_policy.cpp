// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/storm/room_policy.h"

#include <algorithm>
#include <cmath>

namespace tidegate::storm {

using quota::Dimension;

quota::Refusal read_refusal(const Turned& refusal) {
  quota::Refusal read;
  read.retry_after_seconds = refusal.retry_after_seconds;
  read.readings = refusal.readings;
  if (refusal.status != 429) {
    read.kind = quota::RefusalKind::Overloaded;
  } else if (refusal.message.find("concurrent connections") != std::string::npos) {
    read.kind = quota::RefusalKind::Concurrency;
  } else if (refusal.message.find("increase rate") != std::string::npos) {
    read.kind = quota::RefusalKind::Ramp;
    read.ramp = quota::parse_ramp_message(refusal.message);
  } else {
    read.dimension = quota::parse_refused_dimension(refusal.message);
  }
  return read;
}

quota::RoomSettings RoomPolicy::settings(Sight sight) {
  quota::RoomSettings settings;
  settings.bucket.opening = quota::kUsualOpening;
  if (sight == Sight::Clairvoyant) settings.bucket.margin_seconds = 0.002;  // rounding alone
  return settings;
}

RoomPolicy::RoomPolicy(const Surroundings& surroundings, Sight sight)
    : surroundings_(surroundings), sight_(sight), room_(kBegin, settings(sight)) {
  for (const std::size_t organisation : surroundings.organisation_of_key) {
    const auto known = bucket_of_organisation_.find(organisation);
    if (known != bucket_of_organisation_.end() && surroundings.knows_organisations) {
      (void)room_.add_key(known->second);
      continue;
    }
    const std::size_t bucket = room_.add_bucket(kBegin);
    (void)room_.add_key(bucket);
    if (surroundings.knows_organisations) bucket_of_organisation_.emplace(organisation, bucket);
    if (!surroundings.knows_limits && sight == Sight::Ordinary) continue;
    const sim::GroupLimits& limits = surroundings.providers[organisation]->limits();
    const double depth = sight == Sight::Clairvoyant ? seconds(limits.burst_window) : 60;
    room_.bucket(bucket).set_limits(kBegin, limits_of(limits), depth);
    if (sight == Sight::Clairvoyant && limits.concurrent) room_.bucket(bucket).set_concurrency(*limits.concurrent);
  }
}

void RoomPolicy::see_true_levels(SteadyTime now) {
  for (const auto& [organisation, bucket] : bucket_of_organisation_) {
    const sim::RateLimitReading levels = surroundings_.providers[organisation]->levels(now);
    const auto set = [&](Dimension d, const std::optional<sim::LimitReading>& reading) {
      if (reading) room_.bucket(bucket).set_level(now, d, reading->remaining);
    };
    set(Dimension::Requests, levels.requests);
    set(Dimension::Input, levels.input_tokens);
    set(Dimension::Output, levels.output_tokens);
  }
}

void RoomPolicy::overflow(CallId call, double wait_seconds) {
  if (surroundings_.has_fallback) surroundings_.desk.fall_back(call);
  else surroundings_.desk.refuse(call, 429, std::clamp(std::ceil(wait_seconds), 1.0, 60.0));
}

void RoomPolicy::pump(SteadyTime now) {
  if (sight_ == Sight::Clairvoyant) see_true_levels(now);
  decisions_.clear();
  room_.pump(now, decisions_);
  for (const quota::Decision& decision : decisions_) {
    const CallId call = call_of(decision.request);
    if (decision.verdict == quota::Verdict::Go) surroundings_.desk.send(call, decision.key);
    else overflow(call, decision.wait_seconds);
  }
  if (const auto at = room_.wake_at()) surroundings_.desk.wake(*at);
}

void RoomPolicy::arrive(SteadyTime now, CallId call, const Call& what) {
  quota::Submission submission;
  submission.tenant = kTenants[what.tenant].name;
  submission.priority = what.priority;
  submission.body_bytes = what.body_bytes;
  submission.max_tokens = kMaxTokens;
  submission.deadline = what.deadline;
  if (sight_ == Sight::Clairvoyant) {
    // What it will take is held exactly. What it counts for in turns and forecasts stays a mean: to send the long ones away and serve
    // more of the short ones is no use of quota.
    submission.known = quota::Need{.input = what.exact.input, .predicted_output = what.exact.output,
                                   .mean_output = mean_output(what.priority), .max_tokens = kMaxTokens};
  }
  const auto request = room_.submit(now, submission);
  if (!request) return overflow(call, 60);
  if (requests_.size() <= call) requests_.resize(call + 1);
  if (calls_.size() <= request->slot) calls_.resize(request->slot + 1);
  requests_[call] = *request;
  calls_[request->slot] = call;
  pump(now);
}

void RoomPolicy::refused(SteadyTime now, CallId call, std::size_t, const Turned& refusal) {
  room_.refused(now, request_of(call), read_refusal(refusal));
  pump(now);
}

void RoomPolicy::head(SteadyTime now, CallId call, const Head& head) {
  const quota::RequestId request = request_of(call);
  if (!surroundings_.knows_organisations) {
    const quota::WaitingRequest* const found = room_.find(request);
    if (found) {
      const auto [known, is_new] = bucket_of_organisation_.emplace(head.organisation, found->bucket);
      if (!is_new && known->second != found->bucket) room_.merge_buckets(now, known->second, found->bucket);
    }
  }
  room_.answered(now, request, head.readings);
  room_.counted_input(now, request, head.counted_input);
  pump(now);
}

void RoomPolicy::produced(SteadyTime now, CallId call, double tokens) {
  room_.produced(now, request_of(call), tokens);
  pump(now);
}

void RoomPolicy::ended(SteadyTime now, CallId call) {
  room_.ended(now, request_of(call), true);
  pump(now);
}

void RoomPolicy::left(SteadyTime now, CallId call) {
  room_.cancel(now, request_of(call));
  pump(now);
}

void RoomPolicy::woken(SteadyTime now) { pump(now); }

std::size_t RoomPolicy::stuck() const {
  std::size_t left = room_.waiting();
  for (std::size_t b = 0; b < room_.buckets(); ++b) {
    left += static_cast<std::size_t>(room_.bucket(b).in_flight() != 0) + static_cast<std::size_t>(room_.bucket(b).held() != 0);
  }
  return left;
}

}  // namespace tidegate::storm
