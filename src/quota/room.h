// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "quota/bucket.h"
#include "quota/flow.h"
#include "quota/predictor.h"
#include "quota/probe.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tidegate::quota {

struct RoomSettings {
  BucketSettings bucket;
  double batch_reserve = 0.4;     ///< share of the pools that batch requests leave for interactive ones
  double interactive_share = 0.9; ///< of the room when both wait; batch gets the rest at least
  std::size_t max_waiting = 20'000;
  int max_retries = 3;            ///< of one request, after an overload or a failure before the first byte
  double retry_share = 0.2;       ///< retries per request, over all: a failing provider is not stormed
  bool holds_batch = false;       ///< batch requests wait, whatever room there is; until their deadline
  bool predicts = true;           ///< gives up early what will not be served in time; off only to measure what it brings
};

/// A request that asks to be let through.
struct Submission {
  std::string_view tenant;  ///< borrowed for the call
  Priority priority = Priority::Interactive;
  double weight = 1;        ///< of the tenant among those of its priority
  double body_bytes = 0;
  double max_tokens = 0;    ///< 0: not said
  SteadyTime deadline{};    ///< until when it may wait
  std::optional<std::size_t> only_key;
  std::optional<std::size_t> tied_to{};  ///< a key whose pool made what the request speaks of: any key of that pool will do
  std::optional<std::size_t> preferred_key{};  ///< its pool is taken if it has room now: what it cached is cheaper there
  bool is_last_resort = false;  ///< nobody else would take it: an estimate larger than every bucket waits for a full one, and the provider judges
  std::optional<Need> known{};  ///< what it takes, where that need not be foretold
};

enum class Verdict : std::uint8_t {
  Go,        ///< send it with `key`
  Overflow,  ///< will not be served in time: another target, or a 429 of our own. The room has forgotten it
};

struct Decision {
  RequestId request;
  Verdict verdict = Verdict::Go;
  std::size_t bucket = 0, key = 0;
  bool is_probe = false;    ///< Go: of a key that was `Probe::Awaited`
  double wait_seconds = 0;  ///< Overflow: how long it would still have taken, may be `kNever`; Go: how long it waited
  Obstacle obstacle = Obstacle::None;  ///< Overflow: what stood in the way
};

/// The waiting room of one provider and model group: who goes next, with which key, and when. Requests of all tenants meet here;
/// interactive ones before batch ones, tenants by weighted fair shares of tokens, each tenant's in order. Pure and not thread-safe:
/// time is an argument, decisions come out of `pump`. A call for a request that is gone is ignored.
class Room {
 public:
  Room(SteadyTime now, RoomSettings settings);

  // The pools and the keys that lead to them.
  std::size_t add_bucket(SteadyTime now);
  std::size_t add_key(std::size_t bucket);
  /// The key turns out to belong to another pool; flights that are out stay where they were charged.
  void move_key(std::size_t key, std::size_t bucket);
  void merge_buckets(SteadyTime now, std::size_t into, std::size_t from);
  void set_key_in_rotation(std::size_t key, bool in_rotation);
  /// A key in rotation that is tried after a refusal. The request that takes it while its probe is awaited makes that `Out`, and leaves it
  /// so: what came of it is the caller's to say.
  void set_probe(std::size_t key, Probe probe);
  /// RoomSettings::holds_batch, from the next `pump` on.
  void hold_batch(bool held) { settings_.holds_batch = held; }
  [[nodiscard]] Bucket& bucket(std::size_t index) { return buckets_[index]; }
  [[nodiscard]] const Bucket& bucket(std::size_t index) const { return buckets_[index]; }
  [[nodiscard]] std::size_t buckets() const { return buckets_.size(); }
  [[nodiscard]] std::size_t keys() const { return keys_.size(); }
  [[nodiscard]] std::size_t bucket_of(std::size_t key) const { return keys_[key].bucket; }
  [[nodiscard]] bool is_in_rotation(std::size_t key) const { return keys_[key].in_rotation; }

  // The life of a request.
  /// Nothing if the room is full. The answer comes from `pump`.
  [[nodiscard]] std::optional<RequestId> submit(SteadyTime now, const Submission& submission);
  /// The same, but a request that finds nobody waiting and a pool with room goes at once, without queue and pump: the usual case, and
  /// the same decision. The answer comes from `pump` if there is none yet.
  struct Entrance {
    RequestId request;
    std::optional<Decision> decision;
  };
  [[nodiscard]] std::optional<Entrance> enter(SteadyTime now, const Submission& submission);
  /// The client left, or nobody wants the request any more; whatever is out is charged as far as it was produced.
  void cancel(SteadyTime now, RequestId request);
  /// Was let through and will not be sent: nothing was used.
  void withdraw(SteadyTime now, RequestId request);
  void answered(SteadyTime now, RequestId request, const Readings& readings);
  void counted_input(SteadyTime now, RequestId request, double tokens);
  void produced(SteadyTime now, RequestId request, double output_tokens);
  /// The provider's own count of the output so far, in place of what `produced` reported.
  void counted_output(SteadyTime now, RequestId request, double tokens);
  /// The answer has ended. `whole`: it teaches how long answers are. `output_tokens`: the provider's own count, as in `counted_output`;
  /// none: what was reported stands.
  void ended(SteadyTime now, RequestId request, bool whole, std::optional<double> output_tokens = std::nullopt);
  /// Refused or failed before its first byte: it goes to the front of its queue with its old deadline, or overflows.
  void refused(SteadyTime now, RequestId request, const Refusal& refusal);

  /// Lets through what fits, gives up what will not be served in time. Appends to `decisions`.
  void pump(SteadyTime now, std::vector<Decision>& decisions);
  /// When `pump` has to be called at the latest if nothing else happens.
  [[nodiscard]] std::optional<SteadyTime> wake_at() const { return wake_at_; }

  /// How long a request of these properties would wait if it came now. Seconds, may be `kNever`.
  [[nodiscard]] double foretell(RequestId request) const;
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  [[nodiscard]] std::size_t waiting(Priority priority) const { return waiting_of_[static_cast<std::size_t>(priority)]; }
  [[nodiscard]] const WaitingRequest* find(RequestId request) const;
  [[nodiscard]] double virtual_time(std::string_view tenant, Priority priority) const;
  /// What stands in the way of the request that is next; None if nobody waits.
  [[nodiscard]] Obstacle obstacle() const { return obstacle_; }

 private:
  struct Key {
    std::size_t bucket;
    bool in_rotation = true;
    Probe probe = Probe::None;
    std::uint64_t used = 0;
  };
  struct Tenant {
    std::string name;
    Predictor predictor[2];
    std::uint32_t flow[2] = {kNobody, kNobody};
  };
  struct Timer {
    SteadyTime at;
    RequestId request;
    friend bool operator>(const Timer& a, const Timer& b) { return a.at > b.at; }
  };
  struct Choice {
    std::size_t bucket = 0;
    Wait wait{kNever, Obstacle::NoKey};
    bool passed_over = false;  ///< a pool was not asked, because someone who is tied to it waits for it
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  [[nodiscard]] WaitingRequest* live(RequestId request);
  [[nodiscard]] WaitingRequest* flying(RequestId request);
  [[nodiscard]] std::uint32_t flow_of(const Submission& submission);
  [[nodiscard]] double cost_of(double input, double output) const;
  [[nodiscard]] double most_input() const;
  [[nodiscard]] static std::size_t index(Priority priority) { return static_cast<std::size_t>(priority); }

  [[nodiscard]] std::optional<std::uint32_t> take_in(SteadyTime now, const Submission& submission);
  void catch_up(Flow& flow) const;
  [[nodiscard]] bool is_idle() const;
  [[nodiscard]] std::optional<Decision> pass_at_once(std::uint32_t slot, Priority priority);
  void enqueue(std::uint32_t slot, bool at_front);
  void dequeue(std::uint32_t slot);
  void change_virtual_time(Flow& flow, std::uint32_t number, double by);
  void free(std::uint32_t slot);
  void set_timer(std::uint32_t slot, SteadyTime at);
  void set_next_test(std::uint32_t slot);
  void give_up(std::vector<Decision>& decisions);
  void let_through(std::vector<Decision>& decisions);
  /// Whether the queues have changed.
  [[nodiscard]] bool test_waiting(std::vector<Decision>& decisions);
  [[nodiscard]] bool run_timer(RequestId request, std::vector<Decision>& decisions);
  [[nodiscard]] double interactive_rate() const;
  void test(std::uint32_t slot, std::vector<Decision>& decisions);
  void overflow(std::uint32_t slot, double wait_seconds, Obstacle obstacle, std::vector<Decision>& decisions);
  [[nodiscard]] Decision dispatch(std::uint32_t slot, std::size_t bucket);
  void close_flight(std::uint32_t slot, bool whole, std::optional<double> output_tokens = std::nullopt);
  [[nodiscard]] std::optional<Priority> pick() const;
  [[nodiscard]] Choice choose(const WaitingRequest& request, Priority priority, const std::vector<bool>& closed) const;
  [[nodiscard]] Wait wait_for_reservation(const Need& need) const;
  [[nodiscard]] bool is_usable(std::size_t bucket) const { return usable_[bucket] > 0 && !buckets_[bucket].is_dead(); }
  [[nodiscard]] std::size_t next_key(std::size_t bucket) const;
  [[nodiscard]] std::optional<std::size_t> only_bucket(const WaitingRequest& request) const;
  [[nodiscard]] bool is_out_of_reach(const WaitingRequest& request) const;
  [[nodiscard]] bool waits_for_probe(const WaitingRequest& request, std::size_t bucket) const;
  void take_back_cost(const WaitingRequest& request);
  [[nodiscard]] bool may_retry(WaitingRequest& request);
  void wake_in(double seconds);

  RoomSettings settings_;
  SteadyTime now_;
  std::vector<Bucket> buckets_;
  std::vector<int> usable_;  ///< keys in rotation, by bucket
  std::vector<std::uint64_t> bucket_used_;  ///< when it last let one through, in `uses_`
  std::vector<Key> keys_;
  std::size_t probes_out_ = 0;  ///< keys whose probe is out
  std::vector<WaitingRequest> requests_;
  std::vector<std::uint32_t> free_;
  std::vector<Tenant> tenants_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> tenant_numbers_;
  std::vector<Flow> flows_;
  OutputHistory outputs_[2];  ///< of all tenants, by priority
  std::set<std::pair<double, std::uint32_t>> backlog_[2];  ///< (virtual time, flow) of the flows that wait
  std::size_t waiting_ = 0, waiting_of_[2] = {0, 0};
  PerDimension<double> queued_of_[2];
  std::uint32_t last_served_[2] = {kNobody, kNobody};  ///< flow that went last, by priority
  double class_time_[2] = {0, 0};  ///< cost served, by priority
  double interactive_rate_ = 0;    ///< cost per second that arrived until `interactive_at_`, smoothed over 900 s
  SteadyTime interactive_at_{};
  double retries_ = 10;            ///< that the retry budget still allows
  std::uint64_t uses_ = 0;
  std::uint64_t draws_ = 1;        ///< of the jitter
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::vector<RequestId> arrived_;   ///< since the last pump
  std::vector<RequestId> given_up_;  ///< refused for good, to be told by the next pump
  std::optional<SteadyTime> wake_at_;
  Obstacle obstacle_ = Obstacle::None;
  std::vector<bool> closed_;       ///< pools, in `let_through`; empty: none. Kept for its memory
  std::vector<std::uint32_t> aside_;
};

}  // namespace tidegate::quota
