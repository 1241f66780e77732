// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Who goes next, and who is told that it will take too long.
#include "quota/room.h"

#include <algorithm>
#include <cmath>

namespace tidegate::quota {
namespace {

constexpr double kBatchCredit = 30;        // seconds of the room by which batch may fall behind its share
constexpr double kLargestImbalance = 60;   // seconds that either class can save up
// Of a batch request's wait as it is foretold: interactive requests that came in a burst are taken for the rule, so most waits turn out
// shorter. Believed in full, the forecast sends work away that the pools could do (bench storm: half a point of utilisation).
constexpr double kBatchDoubt = 0.6;
constexpr double kHeld = 60;                // seconds after which who was held back in vain may come again
constexpr double kShortestSleep = 0.001;
constexpr double kAskAgain = 0.05;          // seconds, where only an answer can tell
constexpr double kTests[] = {0.15, 0.30, 0.50, 0.70, 1.0};  // of the wait budget: when the wait is foretold again

Nanoseconds nanoseconds(double seconds) {
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(std::min(seconds, 1e9)));
}

}  // namespace

void Room::wake_in(double seconds) {
  if (!(seconds < 1e9)) return;
  const SteadyTime at = now_ + nanoseconds(std::max(seconds, kShortestSleep));
  if (!wake_at_ || at < *wake_at_) wake_at_ = at;
}

void Room::set_timer(std::uint32_t slot, SteadyTime at) { timers_.push({at, {slot, requests_[slot].generation}}); }

void Room::set_next_test(std::uint32_t slot) {
  WaitingRequest& request = requests_[slot];
  const double budget = std::chrono::duration<double>(request.deadline - request.submitted_at).count();
  SteadyTime at = request.deadline;
  while (request.tests < static_cast<int>(std::size(kTests))) {
    at = std::min(request.deadline, request.submitted_at + nanoseconds(budget * kTests[request.tests++]));
    if (at > now_) break;
  }
  set_timer(slot, std::max(at, now_));
}

void Room::overflow(std::uint32_t slot, double wait_seconds, Obstacle obstacle, std::vector<Decision>& decisions) {
  WaitingRequest& request = requests_[slot];
  if (request.state == RequestState::Queued) dequeue(slot);
  if (obstacle == Obstacle::SpendCap && !(wait_seconds < 1e9)) {
    // When the next request looks whether there is money again: until then nothing can go.
    for (std::size_t b = 0; b < buckets_.size(); ++b) {
      if (usable_[b] > 0 && buckets_[b].is_dead()) wait_seconds = std::min(wait_seconds, buckets_[b].blocked_seconds());
    }
  }
  decisions.push_back({.request = {slot, request.generation}, .verdict = Verdict::Overflow, .wait_seconds = wait_seconds, .obstacle = obstacle});
  free(slot);
}

void Room::test(std::uint32_t slot, std::vector<Decision>& decisions) {
  const WaitingRequest& request = requests_[slot];
  if (flows_[request.flow].tail != slot) number_places(flows_[request.flow], requests_);
  const double wait = foretell({slot, request.generation});
  const bool is_late = now_ >= request.deadline;
  if (settings_.holds_batch && flows_[request.flow].priority == Priority::Batch) {
    // How long it will be held nobody can foretell.
    if (is_late) overflow(slot, kHeld, Obstacle::Paused, decisions);
    else set_next_test(slot);
    return;
  }
  const double doubted = wait * (flows_[request.flow].priority == Priority::Batch ? kBatchDoubt : 1.0);
  const bool will_be_late = settings_.predicts ? !(wait < 1e9) || now_ + nanoseconds(doubted) > request.deadline : wait == kNever;
  if (is_late || will_be_late) overflow(slot, wait, obstacle_, decisions);
  else set_next_test(slot);
}

bool Room::run_timer(RequestId id, std::vector<Decision>& decisions) {
  WaitingRequest* const request = live(id);
  if (!request) return false;
  if (request->state == RequestState::Delayed) {
    if (now_ < request->again_at) return false;  // a timer from when it waited
    enqueue(id.slot, true);
    // Its wait is foretold once it was let through or not.
    set_timer(id.slot, now_ + Milliseconds(1));
    return true;
  }
  if (request->state != RequestState::Queued) return false;
  const std::size_t before = decisions.size();
  test(id.slot, decisions);
  return decisions.size() > before;
}

bool Room::test_waiting(std::vector<Decision>& decisions) {
  bool changed = false;
  for (const RequestId id : arrived_) {
    const WaitingRequest* const request = live(id);
    if (request && request->state == RequestState::Queued && request->tests == 0) changed = run_timer(id, decisions) || changed;
  }
  arrived_.clear();
  while (!timers_.empty() && timers_.top().at <= now_) {
    const RequestId id = timers_.top().request;
    timers_.pop();
    changed = run_timer(id, decisions) || changed;
  }
  return changed;
}

void Room::give_up(std::vector<Decision>& decisions) {
  for (const RequestId id : given_up_) {
    const WaitingRequest* const request = live(id);
    if (request && request->state == RequestState::Delayed) overflow(id.slot, kNever, Obstacle::RetryAfter, decisions);  // what keeps failing has no instant at which it will not
  }
  given_up_.clear();
}

std::optional<Priority> Room::pick() const {
  const bool interactive = !backlog_[0].empty(), batch = !backlog_[1].empty() && !settings_.holds_batch;
  if (!interactive && !batch) return std::nullopt;
  if (!batch) return Priority::Interactive;
  if (!interactive) return Priority::Batch;
  const double share = settings_.interactive_share;
  return class_time_[0] / share <= class_time_[1] / (1 - share) + kBatchCredit ? Priority::Interactive : Priority::Batch;
}

Wait Room::wait_for_reservation(const Need& need) const {
  Wait longest;
  for (const Dimension d : kAllDimensions) {
    double level = 0, depth = 0, rate = 0;
    int pools = 0;
    for (std::size_t b = 0; b < buckets_.size(); ++b) {
      const Bucket& bucket = buckets_[b];
      if (!is_usable(b) || !bucket.has_limit(d)) continue;
      ++pools;
      level += bucket.level(d) - bucket.debt(d);
      depth += bucket.depth(d);
      rate += bucket.rate(d);
    }
    if (pools == 0) continue;
    const double wanted = std::min(depth, d == Dimension::Requests ? 1 : d == Dimension::Output ? 1 : need.input);
    // One pool alone: its own depth less the request, or a request of half the bucket would never go.
    const double kept = settings_.batch_reserve * (pools == 1 ? std::max(0.0, depth - wanted) : depth);
    const double missing = wanted + kept - level;
    if (missing > 1e-6 * depth && missing / rate > longest.seconds) longest = {missing / rate, Obstacle::Reservation};
  }
  return longest;
}

Room::Choice Room::choose(const WaitingRequest& request, Priority priority, const std::vector<bool>& closed) const {
  Choice best;
  double most = -kNever;
  bool too_large = false, asked = false;
  const std::optional<std::size_t> only = only_bucket(request);
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    if (usable_[b] == 0) continue;
    if (only && *only != b) continue;
    if (!closed.empty() && closed[b]) {
      best.passed_over = true;
      continue;
    }
    asked = true;
    Wait wait = buckets_[b].wait(request.need);
    if (wait.seconds < kAskAgain && probes_out_ > 0 && waits_for_probe(request, b)) wait = {kAskAgain, Obstacle::Probe};
    too_large = too_large || wait.obstacle == Obstacle::TooLarge;
    const double headroom = buckets_[b].headroom(request.need);
    const bool is_preferred = request.preferred_key && keys_[*request.preferred_key].bucket == b;
    if (is_preferred && wait.seconds == 0) {
      best.bucket = b;
      best.wait = wait;
      break;
    }
    const bool both_fit = wait.seconds == 0 && best.wait.seconds == 0;
    // Where all have plenty, they take turns.
    const bool better = wait.seconds < best.wait.seconds ||
                        (both_fit && (headroom > most || (headroom == most && bucket_used_[b] < bucket_used_[best.bucket])));
    if (!better) continue;
    best.bucket = b;
    best.wait = wait;
    most = headroom;
  }
  if (best.wait.seconds == kNever && too_large) best.wait.obstacle = Obstacle::TooLarge;
  if (!asked || best.wait.seconds > 0) return best;
  if (priority == Priority::Batch && waiting_of_[0] == 0) {
    if (const Wait wait = wait_for_reservation(request.need); wait.seconds > 0) best.wait = wait;
  }
  return best;
}

/// The pool that the request must have; nothing: any.
std::optional<std::size_t> Room::only_bucket(const WaitingRequest& request) const {
  const std::optional<std::size_t>& key = request.only_key ? request.only_key : request.tied_to;
  return key ? std::optional(keys_[*key].bucket) : std::nullopt;
}

/// No key that it may go with is in rotation.
bool Room::is_out_of_reach(const WaitingRequest& request) const {
  if (request.only_key) return !keys_[*request.only_key].in_rotation;
  return request.tied_to && usable_[keys_[*request.tied_to].bucket] == 0;
}

std::size_t Room::next_key(std::size_t bucket) const {
  std::size_t best = keys_.size();
  for (std::size_t key = 0; key < keys_.size(); ++key) {
    if (keys_[key].bucket != bucket || !keys_[key].in_rotation || keys_[key].probe == Probe::Out) continue;
    if (best == keys_.size() || keys_[key].used < keys_[best].used) best = key;
  }
  return best;
}

/// Every key that it could go with is being tried by another request.
bool Room::waits_for_probe(const WaitingRequest& request, std::size_t bucket) const {
  return request.only_key ? keys_[*request.only_key].probe == Probe::Out : next_key(bucket) == keys_.size();
}

/// Of a request that stands in no queue (any more).
Decision Room::dispatch(std::uint32_t slot, std::size_t bucket) {
  WaitingRequest& request = requests_[slot];
  Flow& flow = flows_[request.flow];
  change_virtual_time(flow, request.flow, request.cost);
  last_served_[index(flow.priority)] = request.flow;
  // Both classes' times meet again after a while, or an idle class could come back with hours of credit.
  class_time_[index(flow.priority)] += request.cost;
  const double share = settings_.interactive_share;
  double& interactive = class_time_[0];
  double& batch = class_time_[1];
  if (interactive / share > batch / (1 - share) + kLargestImbalance) batch = (interactive / share - kLargestImbalance) * (1 - share);
  if (batch / (1 - share) > interactive / share + kLargestImbalance) interactive = (batch / (1 - share) - kLargestImbalance) * share;

  request.bucket = bucket;
  request.key = request.only_key ? *request.only_key : next_key(bucket);
  keys_[request.key].used = bucket_used_[bucket] = ++uses_;
  const bool is_probe = keys_[request.key].probe == Probe::Awaited;
  if (is_probe) set_probe(request.key, Probe::Out);
  request.flight = buckets_[bucket].admit(request.need, request.attempts == 0 ? Attempt::First : Attempt::AfterFailure);
  request.state = RequestState::Flying;
  request.counted_input = -1;
  retries_ = std::min(50.0, retries_ + settings_.retry_share);
  return {.request = {slot, request.generation}, .verdict = Verdict::Go, .bucket = bucket, .key = request.key, .is_probe = is_probe,
          .wait_seconds = std::chrono::duration<double>(now_ - request.submitted_at).count()};
}

/// What `let_through` would decide of one that is alone in its room; nothing if it has to wait, or will not be served.
std::optional<Decision> Room::pass_at_once(std::uint32_t slot, Priority priority) {
  WaitingRequest& request = requests_[slot];
  if (settings_.holds_batch && priority == Priority::Batch) return std::nullopt;
  if (is_out_of_reach(request)) return std::nullopt;
  for (Bucket& bucket : buckets_) bucket.advance(now_);
  const Choice choice = choose(request, priority, {});
  if (choice.wait.seconds > 0) return std::nullopt;
  catch_up(flows_[request.flow]);
  return dispatch(slot, choice.bucket);
}

void Room::let_through(std::vector<Decision>& decisions) {
  obstacle_ = Obstacle::None;
  closed_.clear();
  while (const std::optional<Priority> priority = pick()) {
    const auto [time, number] = *backlog_[index(*priority)].begin();
    const std::uint32_t slot = flows_[number].head;
    const WaitingRequest& request = requests_[slot];
    if (is_out_of_reach(request)) {
      overflow(slot, kNever, Obstacle::NoKey, decisions);
      continue;
    }
    const Choice choice = choose(request, *priority, closed_);
    if (choice.wait.seconds <= 0) {
      dequeue(slot);
      decisions.push_back(dispatch(slot, choice.bucket));
      continue;
    }
    if (choice.wait.seconds == kNever && !choice.passed_over) {
      overflow(slot, kNever, choice.wait.obstacle, decisions);
      continue;
    }
    if (!choice.passed_over) obstacle_ = choice.wait.obstacle;
    wake_in(choice.wait.seconds);
    const std::optional<std::size_t> only = only_bucket(request);
    if (!only) break;
    // Who is tied to a pool waits for that pool alone; nobody overtakes there, all others go on.
    closed_.resize(buckets_.size());
    closed_[*only] = true;
    backlog_[index(*priority)].erase({time, number});
    aside_.push_back(number);
  }
  for (const std::uint32_t number : aside_) backlog_[index(flows_[number].priority)].emplace(flows_[number].virtual_time, number);
  aside_.clear();
}

/// Nobody waits for anything, so that nothing can come of looking.
bool Room::is_idle() const { return waiting_ == 0 && timers_.empty() && given_up_.empty(); }

void Room::pump(SteadyTime now, std::vector<Decision>& decisions) {
  now_ = std::max(now_, now);
  wake_at_.reset();
  for (Bucket& bucket : buckets_) bucket.advance(now_);
  if (is_idle()) {
    arrived_.clear();  // who came and left again
    obstacle_ = Obstacle::None;
    return;
  }
  give_up(decisions);
  for (const Bucket& bucket : buckets_) wake_in(bucket.next_change_seconds());
  do {
    let_through(decisions);
    // A request that gives up may have stood before others.
  } while (test_waiting(decisions) && waiting_ > 0);
  if (waiting_ == 0) obstacle_ = Obstacle::None;
  else if (settings_.holds_batch && waiting_of_[0] == 0) obstacle_ = Obstacle::Paused;
  if (!timers_.empty()) wake_in(std::chrono::duration<double>(timers_.top().at - now_).count());
}

double Room::foretell(RequestId id) const {
  const WaitingRequest* const found = find(id);
  if (!found) return 0;
  const WaitingRequest& request = *found;
  const Flow& flow = flows_[request.flow];
  const bool is_batch = flow.priority == Priority::Batch;
  const std::optional<std::size_t> only = only_bucket(request);
  const auto usable = [&](std::size_t b) { return is_usable(b) && (!only || *only == b); };
  // What goes first: those before it in its own queue, and of every other tenant as much as its share lets through meanwhile.
  PerDimension<double> work = mean_need(request.need);
  double before_cost = 0;
  std::size_t before = 0;
  if (request.state == RequestState::Queued) {
    const Ahead ahead = ahead_of(flow, requests_, id.slot);
    for (const Dimension d : kAllDimensions) work[d] += ahead.need[d];
    before_cost = ahead.cost;
    before = ahead.requests;
  }
  const double own_time = (before_cost + request.cost) / flow.weight;
  for (const auto& [time, number] : backlog_[index(flow.priority)]) {
    const Flow& other = flows_[number];
    if (number == request.flow || other.queued_cost <= 0) continue;
    const double part = std::min(1.0, other.weight * own_time / other.queued_cost);
    for (const Dimension d : kAllDimensions) work[d] += part * other.queued[d];
    before += static_cast<std::size_t>(part * static_cast<double>(other.waiting));
  }
  if (is_batch) {
    for (const Dimension d : kAllDimensions) work[d] += queued_of_[0][d];
    before += waiting_of_[0];
  }
  const double share = is_batch ? std::max(1 - settings_.interactive_share, 1 - interactive_rate())
                                : backlog_[1].empty() ? 1.0 : settings_.interactive_share;
  double wait = 0, period = kNever, blocked = kNever, slots = 0, lasting = 0, overload = 0, running = 0, service = 5;
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    if (!usable(b)) continue;
    blocked = std::min(blocked, buckets_[b].blocked_seconds());
    period = std::min(period, buckets_[b].periods().wait(request.need.input + request.need.mean_output).seconds);
    slots += buckets_[b].concurrency();
    lasting += buckets_[b].lasting_concurrency();
    overload = std::max(overload, buckets_[b].overload_seconds());
    running += buckets_[b].in_flight();
    service = buckets_[b].service_seconds();
  }
  if (blocked == kNever) return kNever;  // no pool at all
  for (const Dimension d : kAllDimensions) {
    double level = 0, rate = 0, depth = 0, margin = 0;
    for (std::size_t b = 0; b < buckets_.size(); ++b) {
      if (!usable(b) || !buckets_[b].has_limit(d)) continue;
      level += buckets_[b].level(d) - buckets_[b].debt(d);
      rate += buckets_[b].rate(d) - buckets_[b].foreign(d);
      depth += buckets_[b].depth(d);
      // As Bucket::wait keeps it back: without it, who comes at the time that he was told would be too early.
      const bool shares = buckets_[b].foreign(d) > 0.02 * buckets_[b].rate(d);
      margin += std::max(settings_.bucket.margin_seconds * buckets_[b].rate(d), shares ? 0.10 * buckets_[b].depth(d) : 0.0);
    }
    if (rate <= 0) continue;
    wait = std::max(wait, (work[d] - level + std::max(margin, is_batch ? settings_.batch_reserve * depth : 0.0)) / (share * rate));
  }
  wait = std::max({wait, blocked, period});
  if (slots < 1e9) {
    const auto turn = [&](double places) {
      return places < 1e9 ? (static_cast<double>(before) + 1 - (places - running)) * service / std::max(1.0, places) / share : 0;
    };
    // An overload passes, mostly sooner than a queue would at its pace: nobody is sent away for it before his time is up.
    wait = std::max(wait, std::min(turn(slots), overload + std::max(0.0, turn(lasting))));
  }
  return wait;
}

}  // namespace tidegate::quota
