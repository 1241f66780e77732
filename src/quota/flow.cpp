// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/flow.h"

#include <algorithm>
#include <cmath>

namespace tidegate::quota {
namespace {

constexpr std::size_t kLongQueue = 64;  // below, walking is as fast

void account(Flow& flow, const WaitingRequest& request, double sign) {
  const PerDimension<double> need = mean_need(request.need);
  for (const Dimension d : kAllDimensions) flow.queued[d] += sign * need[d];
  flow.queued_cost += sign * request.cost;
  if (flow.waiting > 0) return;
  // Rounding errors end with the queue.
  flow.queued = {};
  flow.queued_cost = 0;
}

QueueSum sum_of(const WaitingRequest& request) {
  const auto whole = [](double value) { return static_cast<std::int64_t>(std::llround(std::min(value, 1e15))); };
  return {.requests = 1, .input = whole(request.need.input), .output = whole(request.need.mean_output), .cost = whole(request.cost * 1e9)};
}

/// A request has joined at either end.
void count_in(Flow& flow, std::vector<WaitingRequest>& requests, std::uint32_t slot, std::uint64_t place) {
  requests[slot].place = place;
  if (requests[flow.tail].place - requests[flow.head].place < flow.sums->capacity()) return flow.sums->add(place, sum_of(requests[slot]));
  flow.sums.reset();
  number_places(flow, requests);
}

}  // namespace

void number_places(Flow& flow, std::vector<WaitingRequest>& requests) {
  if (flow.sums || flow.waiting < kLongQueue) return;
  flow.sums = std::make_unique<QueueSums>(2 * flow.waiting + kLongQueue);
  std::uint64_t place = std::uint64_t{1} << 32;  // there is room at both ends
  for (std::uint32_t slot = flow.head; slot != kNobody; slot = requests[slot].after) {
    requests[slot].place = ++place;
    flow.sums->add(place, sum_of(requests[slot]));
  }
}

Ahead ahead_of(const Flow& flow, const std::vector<WaitingRequest>& requests, std::uint32_t slot) {
  const WaitingRequest& request = requests[slot];
  Ahead ahead;
  if (flow.tail == slot) {
    ahead = {.need = flow.queued, .cost = flow.queued_cost - request.cost, .requests = flow.waiting - 1};
    const PerDimension<double> own = mean_need(request.need);
    for (const Dimension d : kAllDimensions) ahead.need[d] -= own[d];
  } else if (flow.sums) {
    const QueueSum sum = flow.sums->before(requests[flow.head].place, request.place);
    ahead.need[Dimension::Requests] = static_cast<double>(sum.requests);
    ahead.need[Dimension::Input] = static_cast<double>(sum.input);
    ahead.need[Dimension::Output] = static_cast<double>(sum.output);
    ahead.need[Dimension::Tokens] = static_cast<double>(sum.input + sum.output);
    ahead.cost = static_cast<double>(sum.cost) / 1e9;
    ahead.requests = static_cast<std::size_t>(sum.requests);
  } else {
    for (std::uint32_t other = request.before; other != kNobody; other = requests[other].before) {
      const PerDimension<double> need = mean_need(requests[other].need);
      for (const Dimension d : kAllDimensions) ahead.need[d] += need[d];
      ahead.cost += requests[other].cost;
      ++ahead.requests;
    }
  }
  return ahead;
}

PerDimension<double> mean_need(const Need& need) {
  PerDimension<double> mean;
  mean[Dimension::Requests] = 1;
  mean[Dimension::Input] = need.input;
  mean[Dimension::Output] = need.mean_output;
  mean[Dimension::Tokens] = need.input + need.mean_output;
  return mean;
}

void push_back(Flow& flow, std::vector<WaitingRequest>& requests, std::uint32_t slot) {
  WaitingRequest& request = requests[slot];
  request.before = flow.tail;
  request.after = kNobody;
  (flow.tail == kNobody ? flow.head : requests[flow.tail].after) = slot;
  flow.tail = slot;
  ++flow.waiting;
  account(flow, request, 1);
  if (flow.sums) count_in(flow, requests, slot, requests[request.before].place + 1);
}

void push_front(Flow& flow, std::vector<WaitingRequest>& requests, std::uint32_t slot) {
  WaitingRequest& request = requests[slot];
  request.before = kNobody;
  request.after = flow.head;
  (flow.head == kNobody ? flow.tail : requests[flow.head].before) = slot;
  flow.head = slot;
  ++flow.waiting;
  account(flow, request, 1);
  if (flow.sums) count_in(flow, requests, slot, requests[request.after].place - 1);
}

void unlink(Flow& flow, std::vector<WaitingRequest>& requests, std::uint32_t slot) {
  const WaitingRequest& request = requests[slot];
  (request.before == kNobody ? flow.head : requests[request.before].after) = request.after;
  (request.after == kNobody ? flow.tail : requests[request.after].before) = request.before;
  --flow.waiting;
  account(flow, request, -1);
  if (!flow.sums) return;
  if (flow.waiting < kLongQueue / 2) flow.sums.reset();
  else flow.sums->remove(request.place, sum_of(request));
}

}  // namespace tidegate::quota
