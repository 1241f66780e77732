// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "quota/admission_options.h"
#include "quota/book/key_ring.h"
#include "quota/book/live_room.h"
#include "quota/header_scope.h"
#include "quota/pool_options.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace tidegate::quota {

/// A provider as the book sees it.
struct ProviderPlan {
  std::string provider;
  PoolOptions pools;
  std::vector<KeySpec> keys;  ///< none: it takes no credential, or each client brings its own; one nameless key then stands for all
};

/// Which room a request belongs into. Views, borrowed for a call.
struct RoomName {
  std::string_view provider;
  std::string_view model_group;  ///< llm::model_group; empty: calls that name no model
  std::string_view class_name;   ///< of a ClassRule; empty: none
  std::string_view credential;   ///< fingerprint of the client's own, where that goes upstream; else empty
  double class_factor = 1;       ///< part of the limits that the class may use
  HeaderScope class_headers = HeaderScope::Model;
};

/// All rooms, made as requests come, and the thread that pumps them when time opens the way. Any thread.
class RoomBook {
 public:
  /// What was known of a provider's model group before this process began.
  using Restore = std::function<std::vector<KnownPool>(std::string_view provider, std::string_view model_group)>;

  explicit RoomBook(const Clock& clock, Restore restore = {});
  RoomBook(const RoomBook&) = delete;
  RoomBook& operator=(const RoomBook&) = delete;
  ~RoomBook();

  /// Providers and keys that there are from now on. Rooms keep their levels, holds and queues. Of a provider that is not named any more no
  /// key is in rotation: what is on its way goes on, who waits overflows.
  void configure(const AdmissionOptions& admission, std::span<const ProviderPlan> providers);
  /// What the provider itself says of its limits, by model group: over the tier, under the configured limits, for pools that no header
  /// has told of yet. An unknown provider is ignored.
  void set_stated_limits(std::string_view provider, std::map<std::string, GroupLimits, std::less<>> limits);
  /// Batch requests to these providers (globs) wait from now on, those to others do not; what is on its way goes on.
  void hold_batch(std::vector<std::string> providers);
  /// Nothing is pumped by time before; waiters may be told by this thread after.
  void start();
  /// Idempotent. Whoever still waits is not told any more.
  void stop();

  /// The room, made if there is none. It is there as long as a request of its own is in it, and for a minute after it was asked for. Where
  /// there are as many rooms as the book holds, it takes the place of one that is empty and was long not asked for (any text may be a
  /// model, so that rooms nothing good ever came of go first); until there is one, groups that are new share a room of their provider.
  /// Null for an unknown provider, and for a client's own credential that finds no place: the request then goes without being counted.
  [[nodiscard]] LiveRoom* room(const RoomName& name);
  /// A provider said that the money of the organisation behind this key is spent: its pools are closed in all rooms but the one that
  /// knows, where the next probe is one request each quarter of an hour.
  void money_spent(std::string_view provider, std::string_view key, const LiveRoom* knows);
  /// A request that was sent with this key at `sent_at` was answered well: if that was after its pool's money had been spent, there is
  /// some again.
  void money_works(std::string_view provider, std::string_view key, SteadyTime sent_at);
  /// Some pool's money is spent: a good answer may be news. Costs no lock.
  [[nodiscard]] bool has_spent_money() const { return spent_.load(std::memory_order_relaxed) > 0; }
  /// A pool whose organisation has no money, as far as the last answers told.
  struct SpentPool {
    std::string provider, pool;
    std::optional<SteadyTime> asked_at;  ///< when the next request looks; absent: it is asked all the time, because there is no other
  };
  /// Of the providers and keys that there are; ordered by name.
  [[nodiscard]] std::vector<SpentPool> spent_pools();
  /// Null for an unknown provider.
  [[nodiscard]] KeyRing* keys(std::string_view provider);

  struct NamedRoom {
    std::string provider, model_group, class_name, credential;
    RoomView room;
  };
  /// Ordered by name.
  [[nodiscard]] std::vector<NamedRoom> rooms();
  struct NamedKeys {
    std::string provider;
    std::vector<KeyRing::Entry> keys;
  };
  [[nodiscard]] std::vector<NamedKeys> all_keys();

 private:
  struct Provider {
    PoolOptions pools;
    std::map<std::string, GroupLimits, std::less<>> stated;
    KeyRing ring;
    bool is_gone = false;  ///< not configured any more
    std::map<std::string, SteadyTime, std::less<>> spent;  ///< keys whose organisation's money was spent, and when that was last said
  };
  struct Room {
    std::string provider, model_group, class_name, credential;
    double class_factor = 1;
    KeyRing own_ring;  ///< of a client's own credential
    std::unique_ptr<LiveRoom> live;
    std::atomic<std::int64_t> asked_at = 0;  ///< in `coarse_now_`

    void set_own_key(bool is_there) {
      const KeySpec own{.name = credential, .organisation = {}, .workspace = {}};
      own_ring.set_keys(std::span(&own, is_there ? 1 : 0));
    }
  };
  struct Retired {
    SteadyTime since;
    std::shared_ptr<Room> room;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  [[nodiscard]] LiveRoom* make_room(const std::string& id, const RoomName& name);
  [[nodiscard]] LiveRoom* ask_for(Room& room);
  [[nodiscard]] std::shared_ptr<Room> furnish(Provider& provider, const RoomName& name, SteadyTime now);
  [[nodiscard]] bool make_place(SteadyTime now);
  void set_gone(std::string_view name, Provider& provider, bool is_gone);
  [[nodiscard]] static GroupLimits known_of(const Provider& provider, std::string_view model_group, double factor);
  [[nodiscard]] std::vector<std::shared_ptr<Room>> live_rooms();
  [[nodiscard]] bool holds_batch(std::string_view provider) const;
  void note_wake(SteadyTime at);
  void run();
  [[nodiscard]] SteadyTime pump_due(SteadyTime now);

  const Clock& clock_;
  const Restore restore_;
  std::atomic<std::size_t> spent_ = 0;  ///< entries of all `Provider::spent`; changed under mutex_

  std::shared_mutex mutex_;  ///< guards the maps, retired_, admission_ and held_; what they point to never moves
  AdmissionOptions admission_;
  std::vector<std::string> held_;  ///< globs of the providers whose batch requests wait
  std::map<std::string, std::unique_ptr<Provider>, std::less<>> providers_;
  /// Shared with whoever goes through all rooms without the lock.
  std::unordered_map<std::string, std::shared_ptr<Room>, Hash, std::equal_to<>> rooms_;
  std::deque<Retired> retired_;  ///< whoever was given the pointer just before has it still
  std::atomic<std::int64_t> coarse_now_;  ///< no older than the longest sleep of the thread, or the last room that was made

  std::mutex timer_mutex_;  ///< guards stopping_ and is_early_; taken after a room's lock
  std::condition_variable timer_;
  std::atomic<std::int64_t> next_wake_;  ///< changed under timer_mutex_
  bool is_early_ = false;                ///< next_wake_ moved forward since the timer looked
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidegate::quota
