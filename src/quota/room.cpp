// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/room.h"

#include <algorithm>
#include <cmath>

namespace tidegate::quota {

namespace {

constexpr std::size_t kPartForHeld = 20;  // of the places in a room

}  // namespace

Room::Room(SteadyTime now, RoomSettings settings) : settings_(settings), now_(now), interactive_at_(now) {}

std::size_t Room::add_bucket(SteadyTime now) {
  buckets_.emplace_back(std::max(now, now_), settings_.bucket);
  usable_.push_back(0);
  bucket_used_.push_back(0);
  return buckets_.size() - 1;
}

std::size_t Room::add_key(std::size_t bucket) {
  keys_.push_back(Key{.bucket = bucket});
  ++usable_[bucket];
  return keys_.size() - 1;
}

void Room::move_key(std::size_t key, std::size_t bucket) {
  if (keys_[key].in_rotation) {
    --usable_[keys_[key].bucket];
    ++usable_[bucket];
  }
  keys_[key].bucket = bucket;
}

void Room::merge_buckets(SteadyTime now, std::size_t into, std::size_t from) {
  if (into == from) return;
  buckets_[into].advance(now);
  buckets_[into].merge(buckets_[from]);
  for (std::size_t key = 0; key < keys_.size(); ++key) {
    if (keys_[key].bucket == from) move_key(key, into);
  }
  for (WaitingRequest& request : requests_) {
    if (request.state != RequestState::Flying || request.bucket != from) continue;
    buckets_[into].adopt(buckets_[from], request.flight);
    request.bucket = into;
  }
}

void Room::set_key_in_rotation(std::size_t key, bool in_rotation) {
  if (keys_[key].in_rotation == in_rotation) return;
  keys_[key].in_rotation = in_rotation;
  usable_[keys_[key].bucket] += in_rotation ? 1 : -1;
}

void Room::set_probe(std::size_t key, Probe probe) {
  if (keys_[key].probe == Probe::Out) --probes_out_;
  keys_[key].probe = probe;
  if (probe == Probe::Out) ++probes_out_;
}

WaitingRequest* Room::live(RequestId request) {
  if (request.slot >= requests_.size()) return nullptr;
  WaitingRequest& found = requests_[request.slot];
  return found.generation == request.generation && found.state != RequestState::Free ? &found : nullptr;
}

const WaitingRequest* Room::find(RequestId request) const { return const_cast<Room*>(this)->live(request); }

WaitingRequest* Room::flying(RequestId request) {
  WaitingRequest* const found = live(request);
  return found && found->state == RequestState::Flying ? found : nullptr;
}

std::uint32_t Room::flow_of(const Submission& submission) {
  auto found = tenant_numbers_.find(submission.tenant);
  if (found == tenant_numbers_.end()) {
    found = tenant_numbers_.emplace(std::string(submission.tenant), static_cast<std::uint32_t>(tenants_.size())).first;
    tenants_.push_back(Tenant{.name = std::string(submission.tenant), .predictor = {}});
  }
  std::uint32_t& number = tenants_[found->second].flow[index(submission.priority)];
  if (number == kNobody) {
    number = static_cast<std::uint32_t>(flows_.size());
    flows_.push_back(Flow{.tenant = found->second, .priority = submission.priority, .queued = {}, .sums = nullptr});
  }
  flows_[number].weight = std::max(1e-3, submission.weight);
  return number;
}

double Room::cost_of(double input, double output) const {
  PerDimension<double> rate;
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    if (usable_[b] == 0) continue;
    for (const Dimension d : kAllDimensions) rate[d] += buckets_[b].rate(d);
  }
  PerDimension<double> taken;
  taken[Dimension::Requests] = 1;
  taken[Dimension::Input] = input;
  taken[Dimension::Output] = output;
  taken[Dimension::Tokens] = input + output;
  double cost = 0;
  for (const Dimension d : kAllDimensions) {
    if (rate[d] > 0) cost = std::max(cost, taken[d] / rate[d]);
  }
  // Without any limit a request costs its tokens, in units that only have to be the same for all.
  return cost > 0 ? cost : (input + 5 * output) * 1e-6;
}

/// The largest input that some bucket could ever let through.
double Room::most_input() const {
  double most = 0;
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    if (usable_[b] == 0) continue;
    double fits = kNever;
    for (const Dimension d : {Dimension::Input, Dimension::Tokens}) {
      if (buckets_[b].has_limit(d)) fits = std::min(fits, 0.95 * buckets_[b].depth(d));
    }
    most = std::max(most, fits);
  }
  return most > 0 ? most : kNever;
}

/// The slot of a new request that stands in no queue yet; nothing if the room is full.
std::optional<std::uint32_t> Room::take_in(SteadyTime now, const Submission& submission) {
  now_ = std::max(now_, now);
  if (waiting_ >= settings_.max_waiting) return std::nullopt;
  // Who is held back must not take the room, and the memory, that others need.
  const bool is_held = settings_.holds_batch && submission.priority == Priority::Batch;
  if (is_held && waiting_of_[index(Priority::Batch)] >= settings_.max_waiting / kPartForHeld) return std::nullopt;
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(requests_.size());
    requests_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  const std::uint32_t flow = flow_of(submission);
  const OutputHistory& others = outputs_[index(submission.priority)];
  const Predictor& predictor = tenants_[flows_[flow].tenant].predictor[index(submission.priority)];

  WaitingRequest& request = requests_[slot];
  const std::uint32_t generation = request.generation;
  request = WaitingRequest{};
  request.generation = generation;
  request.flow = flow;
  request.need = submission.known ? *submission.known : Need{.input = predictor.input_tokens(submission.body_bytes),
                      .predicted_output = predictor.predicted_output(submission.max_tokens, others),
                      .mean_output = predictor.mean_output(submission.max_tokens, others),
                      .max_tokens = submission.max_tokens};
  if (submission.is_last_resort) request.need.input = std::min(request.need.input, most_input());
  request.body_bytes = submission.body_bytes;
  request.cost = cost_of(request.need.input, request.need.mean_output);
  request.submitted_at = now_;
  request.deadline = std::max(now_, submission.deadline);
  request.only_key = submission.only_key;
  request.tied_to = submission.tied_to;
  request.preferred_key = submission.preferred_key;
  if (submission.priority == Priority::Interactive) {
    interactive_rate_ = interactive_rate() + request.cost / 900;
    interactive_at_ = now_;
  }
  return slot;
}

std::optional<RequestId> Room::submit(SteadyTime now, const Submission& submission) {
  const std::optional<std::uint32_t> slot = take_in(now, submission);
  if (!slot) return std::nullopt;
  enqueue(*slot, false);
  arrived_.push_back({*slot, requests_[*slot].generation});
  return arrived_.back();
}

std::optional<Room::Entrance> Room::enter(SteadyTime now, const Submission& submission) {
  const std::optional<std::uint32_t> slot = take_in(now, submission);
  if (!slot) return std::nullopt;
  const RequestId id{*slot, requests_[*slot].generation};
  const bool is_alone = is_idle() || (waiting_ == 0 && given_up_.empty() && timers_.top().at > now_);
  if (is_alone) {
    if (const std::optional<Decision> decision = pass_at_once(*slot, submission.priority)) return Entrance{id, decision};
  }
  enqueue(*slot, false);
  arrived_.push_back(id);
  return Entrance{id, std::nullopt};
}

double Room::interactive_rate() const {
  return interactive_rate_ * std::exp(-std::chrono::duration<double>(now_ - interactive_at_).count() / 900);
}

/// Who was idle has saved nothing up: it joins those who wait, or, if nobody does, the one who went last.
void Room::catch_up(Flow& flow) const {
  const auto& backlog = backlog_[index(flow.priority)];
  const std::uint32_t last = last_served_[index(flow.priority)];
  const double others = !backlog.empty() ? backlog.begin()->first : last != kNobody ? flows_[last].virtual_time : 0;
  flow.virtual_time = std::max(flow.virtual_time, others);
}

void Room::enqueue(std::uint32_t slot, bool at_front) {
  WaitingRequest& request = requests_[slot];
  Flow& flow = flows_[request.flow];
  const std::size_t priority = index(flow.priority);
  if (flow.waiting == 0) {
    if (!at_front) catch_up(flow);
    backlog_[priority].emplace(flow.virtual_time, request.flow);
  }
  if (at_front) push_front(flow, requests_, slot);
  else push_back(flow, requests_, slot);
  request.state = RequestState::Queued;
  const PerDimension<double> need = mean_need(request.need);
  for (const Dimension d : kAllDimensions) queued_of_[priority][d] += need[d];
  ++waiting_;
  ++waiting_of_[priority];
}

void Room::dequeue(std::uint32_t slot) {
  WaitingRequest& request = requests_[slot];
  Flow& flow = flows_[request.flow];
  const std::size_t priority = index(flow.priority);
  unlink(flow, requests_, slot);
  if (flow.waiting == 0) backlog_[priority].erase({flow.virtual_time, request.flow});
  const PerDimension<double> need = mean_need(request.need);
  for (const Dimension d : kAllDimensions) queued_of_[priority][d] -= need[d];
  --waiting_;
  if (--waiting_of_[priority] == 0) queued_of_[priority] = {};
}

void Room::change_virtual_time(Flow& flow, std::uint32_t number, double by) {
  auto& backlog = backlog_[index(flow.priority)];
  const bool waits = flow.waiting > 0 && backlog.erase({flow.virtual_time, number}) > 0;
  flow.virtual_time += by / flow.weight;
  if (waits) backlog.emplace(flow.virtual_time, number);
}

void Room::free(std::uint32_t slot) {
  WaitingRequest& request = requests_[slot];
  request.state = RequestState::Free;
  ++request.generation;
  free_.push_back(slot);
}

double Room::virtual_time(std::string_view tenant, Priority priority) const {
  const auto found = tenant_numbers_.find(tenant);
  if (found == tenant_numbers_.end()) return 0;
  const std::uint32_t flow = tenants_[found->second].flow[index(priority)];
  return flow == kNobody ? 0 : flows_[flow].virtual_time;
}

}  // namespace tidegate::quota
