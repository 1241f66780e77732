// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "quota/book/key_ring.h"
#include "quota/book/tempo.h"
#include "quota/presets.h"
#include "quota/room.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::quota {

/// One that waits in a room. Told once, by any thread, under no lock.
class Waiter {
 public:
  virtual ~Waiter() = default;
  /// `key`: the name of the key to send it with, if it may go; lives as long as the room.
  virtual void decided(const Decision& decision, std::string_view key) = 0;
};

/// What an earlier process knew of a pool of this room.
struct KnownPool {
  std::string pool;                          ///< as KeyRing::Entry::pool
  Limits limits;                             ///< per minute
  PerDimension<std::optional<double>> levels;  ///< by now
  PerPeriod<double> used;                    ///< during the last day and month, as the ledger tells
};

/// What a room is made with.
struct RoomPlan {
  RoomSettings settings;
  std::string model_group;         ///< some keys may not use it
  GroupLimits known;               ///< of every pool, before its first header
  double header_factor = 1;        ///< the room's part of the limits that headers tell
  std::vector<KnownPool> restored;  ///< over `known`
  double time_scale = 1;           ///< seconds of the room in a second; only tests change it
};

/// One dimension of a pool, for people.
struct BucketLevel {
  Dimension dimension = Dimension::Requests;
  double limit = 0;    ///< per minute
  double level = 0;    ///< corrected by headers, advanced to now; may be negative
  double depth = 0;    ///< the most that `level` can be
  double foreign = 0;  ///< used by others of the organisation, per minute
};

/// A long limit of a pool, for people.
struct PeriodLevel {
  PeriodDimension dimension = PeriodDimension::RequestsPerDay;
  double limit = 0;  ///< per period
  double level = 0;  ///< what is left by now; may be negative
};

/// A pool of a room, for people.
struct BucketView {
  std::string pool;
  std::vector<std::string> keys;  ///< those that lead to it and are in rotation
  std::vector<BucketLevel> levels;
  std::vector<PeriodLevel> periods;
  std::int64_t in_flight = 0;
  std::optional<double> concurrency;  ///< the bound that holds now
  double blocked_seconds = 0;
  bool is_dead = false;  ///< its money is spent
  bool is_learned = false;
};

/// A room, for people.
struct RoomView {
  std::int64_t waiting_interactive = 0, waiting_batch = 0;
  Obstacle obstacle = Obstacle::None;  ///< of the request that is next
  std::vector<BucketView> pools;
};

/// A `Room` that all workers share: under one short lock, with names for its keys and pools, kept in step with the provider's key ring.
/// Any thread. No I/O under the lock; who waits is told after it is given back.
class LiveRoom {
 public:
  /// `on_wake` is told whenever the room has to be pumped by a certain time; under the room's lock, so it must be short and must not
  /// call the room.
  LiveRoom(KeyRing& ring, RoomPlan plan, std::function<void(SteadyTime)> on_wake, SteadyTime now);
  LiveRoom(const LiveRoom&) = delete;
  LiveRoom& operator=(const LiveRoom&) = delete;

  /// What one who asks is told.
  struct Answer {
    RequestId request;
    std::optional<Decision> decision;  ///< absent: the waiter will be told
    std::string_view key;              ///< if it may go
  };
  using MakeWaiter = std::function<std::shared_ptr<Waiter>()>;

  /// A pool by its name (KeyRing::Entry::pool) or, where that is empty or leads nowhere, the one of a key. Both empty: none.
  struct PoolName {
    std::string_view pool{}, key{};
  };
  /// Which key. A tie to a pool of which no key is left binds nobody: the provider says what becomes of the request.
  struct KeyWish {
    std::string_view only{};  ///< its name; empty: any
    PoolName tied{};          ///< a key of this pool must be taken
    PoolName preferred{};     ///< one of this pool is taken if it has room
  };
  /// Asks to be let through. `make_waiter` is called if it has to wait. A room that is
  /// full overflows at once.
  [[nodiscard]] Answer enter(SteadyTime now, Submission submission, KeyWish keys, const MakeWaiter& make_waiter);
  /// Asks again for a request that the provider refused, or that failed before its first byte.
  [[nodiscard]] Answer refused(SteadyTime now, RequestId request, const Refusal& refusal, const MakeWaiter& make_waiter);

  // What the room has to know of a request that it let through. Calls for one that is gone are ignored.
  void answered(SteadyTime now, RequestId request, const Readings& readings);
  void counted_input(SteadyTime now, RequestId request, double tokens);
  void produced(SteadyTime now, RequestId request, double output_tokens);
  /// `output_tokens` and `input_tokens` as counted by the provider or, where it did not, as estimated; negative: unknown, or told before.
  void ended(SteadyTime now, RequestId request, bool whole, double output_tokens, double input_tokens = -1);
  /// Nobody wants it any more, waiting or on its way.
  void cancel(SteadyTime now, RequestId request);
  /// It was let through and will not be sent.
  void withdraw(SteadyTime now, RequestId request);

  /// What is known of pools that no answer has told of yet.
  /// The money of the organisation behind this key is spent, as an answer in another room told.
  void money_spent(SteadyTime now, std::string_view key);
  void set_known(SteadyTime now, const GroupLimits& known);
  /// RoomSettings::holds_batch.
  void hold_batch(SteadyTime now, bool held);
  /// Lets through what can go by now.
  void pump(SteadyTime now);
  /// When `pump` is due; SteadyTime::max() if nothing waits for time.
  [[nodiscard]] SteadyTime wake_at() const { return SteadyTime(Nanoseconds(wake_at_.load(std::memory_order_acquire))); }
  [[nodiscard]] RoomView view(SteadyTime now);
  /// Nobody waits, is out or is to be tried again.
  [[nodiscard]] bool is_empty() const;
  /// Some request was answered well.
  [[nodiscard]] bool has_answered() const { return has_answered_.load(std::memory_order_relaxed); }

 private:
  struct Delivery {
    std::shared_ptr<Waiter> waiter;
    Decision decision;
    std::string_view key;
  };
  using Deliveries = std::vector<Delivery>;
  /// A request that tries a key which was refused, as the ring counts it.
  struct KeyProbe {
    RequestId request;
    std::size_t key = 0;
    std::uint64_t number = 0;
  };

  void follow_ring(SteadyTime now);
  void set_periods(std::size_t bucket);
  [[nodiscard]] std::size_t pool_named(const std::string& pool, SteadyTime now);
  void place_key(const KeyRing::Entry& entry, SteadyTime now);
  [[nodiscard]] std::optional<std::size_t> key_named(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> key_of_pool(PoolName name) const;
  [[nodiscard]] Answer decide(SteadyTime now, RequestId request, const MakeWaiter& make_waiter, Deliveries& deliveries);
  void pump_locked(SteadyTime now, Deliveries& deliveries, const RequestId* own, std::optional<Decision>* own_decision);
  [[nodiscard]] bool may_go(SteadyTime now, const Decision& decision);
  void end_probes();
  [[nodiscard]] std::string_view key_of(const Decision& decision) const;
  static void deliver(const Deliveries& deliveries);

  KeyRing& ring_;
  const Tempo tempo_;  ///< what is private here, and `room_`, lives in the room's time
  RoomPlan plan_;  ///< `known` guarded by mutex_
  const std::function<void(SteadyTime)> on_wake_;
  std::atomic<std::int64_t> wake_at_;
  std::atomic<bool> has_answered_ = false;

  mutable std::mutex mutex_;  ///< guards the fields below
  Room room_;
  std::uint64_t ring_version_ = 0;
  std::deque<std::string> key_names_;  ///< by the room's number; never shrinks, so that views stay valid
  std::vector<bool> key_drains_;          ///< KeyRing::Entry::draining, by the same number
  std::vector<std::string> pool_names_;
  std::vector<std::shared_ptr<Waiter>> waiters_;  ///< by slot
  std::vector<Decision> decisions_;               ///< kept for its memory
  std::vector<KeyProbe> probes_;                  ///< on their way
};

}  // namespace tidegate::quota
