// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/flow.h"

#include <algorithm>

namespace tidegate::quota {
namespace {

void account(Flow& flow, const WaitingRequest& request, double sign) {
  const PerDimension<double> need = mean_need(request.need);
  for (const Dimension d : kAllDimensions) flow.queued[d] += sign * need[d];
  flow.queued_cost += sign * request.cost;
  if (flow.waiting > 0) return;
  // Rounding errors end with the queue.
  flow.queued = {};
  flow.queued_cost = 0;
}

}  // namespace

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
}

void push_front(Flow& flow, std::vector<WaitingRequest>& requests, std::uint32_t slot) {
  WaitingRequest& request = requests[slot];
  request.before = kNobody;
  request.after = flow.head;
  (flow.head == kNobody ? flow.tail : requests[flow.head].before) = slot;
  flow.head = slot;
  ++flow.waiting;
  account(flow, request, 1);
}

void unlink(Flow& flow, std::vector<WaitingRequest>& requests, std::uint32_t slot) {
  const WaitingRequest& request = requests[slot];
  (request.before == kNobody ? flow.head : requests[request.before].after) = request.after;
  (request.after == kNobody ? flow.tail : requests[request.after].before) = request.before;
  --flow.waiting;
  account(flow, request, -1);
}

}  // namespace tidegate::quota
