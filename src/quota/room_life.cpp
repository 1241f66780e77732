// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What happens to a request once it is in the room or on its way.
#include "quota/room.h"

#include <algorithm>
#include <cmath>

namespace tidegate::quota {
namespace {

constexpr double kLongestAsked = 60;  // seconds that a request waits because its own overload named a time

}  // namespace

void Room::cancel(SteadyTime now, RequestId id) {
  now_ = std::max(now_, now);
  WaitingRequest* const request = live(id);
  if (!request) return;
  switch (request->state) {
    case RequestState::Queued: dequeue(id.slot); break;
    case RequestState::Flying: close_flight(id.slot, false); return;
    case RequestState::Delayed:
    case RequestState::Free: break;
  }
  free(id.slot);
}

void Room::answered(SteadyTime now, RequestId id, const Readings& readings) {
  now_ = std::max(now_, now);
  WaitingRequest* const request = flying(id);
  if (!request) return;
  Bucket& bucket = buckets_[request->bucket];
  bucket.advance(now_);
  bucket.answered(request->flight, readings);
}

void Room::counted_input(SteadyTime now, RequestId id, double tokens) {
  now_ = std::max(now_, now);
  WaitingRequest* const request = flying(id);
  if (!request || tokens < 0) return;
  if (request->counted_input < 0) {
    const Flow& flow = flows_[request->flow];
    tenants_[flow.tenant].predictor[index(flow.priority)].learn_input(request->body_bytes, tokens);
  }
  request->counted_input = tokens;
  Bucket& bucket = buckets_[request->bucket];
  bucket.advance(now_);
  bucket.settle_input(request->flight, tokens);
}

void Room::produced(SteadyTime now, RequestId id, double output_tokens) {
  now_ = std::max(now_, now);
  WaitingRequest* const request = flying(id);
  if (!request) return;
  Bucket& bucket = buckets_[request->bucket];
  bucket.advance(now_);
  bucket.produce(request->flight, output_tokens);
}

void Room::counted_output(SteadyTime now, RequestId id, double tokens) {
  now_ = std::max(now_, now);
  WaitingRequest* const request = flying(id);
  if (!request) return;
  Bucket& bucket = buckets_[request->bucket];
  bucket.advance(now_);
  bucket.settle_output(request->flight, tokens);
}

void Room::withdraw(SteadyTime now, RequestId id) {
  now_ = std::max(now_, now);
  WaitingRequest* const request = flying(id);
  if (!request) return;
  Bucket& bucket = buckets_[request->bucket];
  bucket.advance(now_);
  bucket.withdraw(request->flight);
  take_back_cost(*request);
  free(id.slot);
}

void Room::take_back_cost(const WaitingRequest& request) {
  Flow& flow = flows_[request.flow];
  change_virtual_time(flow, request.flow, -request.cost);
  class_time_[index(flow.priority)] -= request.cost;
}

void Room::ended(SteadyTime now, RequestId id, bool whole, std::optional<double> output_tokens) {
  now_ = std::max(now_, now);
  if (flying(id)) close_flight(id.slot, whole, output_tokens);
}

void Room::close_flight(std::uint32_t slot, bool whole, std::optional<double> output_tokens) {
  WaitingRequest& request = requests_[slot];
  Bucket& bucket = buckets_[request.bucket];
  bucket.advance(now_);
  bucket.end(request.flight, output_tokens);
  Flow& flow = flows_[request.flow];
  const double input = request.counted_input >= 0 ? request.counted_input : request.need.input;
  change_virtual_time(flow, request.flow, cost_of(input, request.flight.produced) - request.cost);
  if (whole) {
    const auto produced = static_cast<std::int64_t>(request.flight.produced);
    tenants_[flow.tenant].predictor[index(flow.priority)].learn_output(produced);
    outputs_[index(flow.priority)].add(produced);
  }
  free(slot);
}

bool Room::may_retry(WaitingRequest& request) {
  if (++request.attempts > settings_.max_retries || retries_ < 1) return false;
  retries_ -= 1;
  return true;
}

void Room::refused(SteadyTime now, RequestId id, const Refusal& refusal) {
  now_ = std::max(now_, now);
  WaitingRequest* const request = flying(id);
  if (!request) return;
  Bucket& bucket = buckets_[request->bucket];
  bucket.advance(now_);
  bucket.refuse(request->flight, request->need, refusal);
  request->need.input = bucket.least_input(request->need, refusal);
  take_back_cost(*request);

  const bool failed = refusal.kind == RefusalKind::Overloaded || refusal.kind == RefusalKind::Unreachable;
  if (!failed) {
    // Waiting for what was announced is no retry storm: only the deadline bounds it.
    enqueue(id.slot, true);
    set_timer(id.slot, now_);
    return;
  }
  request->state = RequestState::Delayed;
  // 0.5 s, 1 s, 2 s, each up to a half longer, so that those who failed together do not come back together.
  draws_ = draws_ * 6364136223846793005ULL + 1442695040888963407ULL;
  const double jitter = static_cast<double>(draws_ >> 40) / static_cast<double>(1 << 24);
  double pause = 0.5 * std::exp2(request->attempts) * (1 + 0.5 * jitter);
  const double asked = refusal.retry_after_seconds.value_or(0);
  if (asked > pause) pause = std::min(asked, kLongestAsked);
  const SteadyTime again_at = now_ + std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(pause));
  request->again_at = again_at;
  if (again_at < request->deadline && may_retry(*request)) set_timer(id.slot, again_at);
  else given_up_.push_back(id);
}

}  // namespace tidegate::quota
