// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "llm/rate_limits.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidegate::quota {

/// Which pool an answer speaks of. Limits belong to an organisation (or its workspace) and a group of models, never to a key.
/// Views, borrowed for a call.
struct PoolSighting {
  std::string_view provider;
  std::string_view organisation;  ///< empty until an answer has said it; the key then stands for it
  std::string_view workspace;
  std::string_view model_group;  ///< llm::model_group
  std::string_view key;          ///< the key's name, or a fingerprint of the client's own; never the key
};

/// One dimension of a pool, as its last answer said and as it must be by now.
struct LimitLevel {
  llm::LimitDimension dimension = llm::LimitDimension::Requests;
  std::optional<std::int64_t> limit;      ///< per minute
  std::optional<std::int64_t> remaining;  ///< when it was read
  std::optional<Nanoseconds> full_after;  ///< until full replenishment, when it was read
  std::optional<double> remaining_now;    ///< grown since by a sixtieth of the limit each second, or as slowly as full_after says
  std::optional<double> seconds_to_exhaustion;  ///< at the present rate of use; absent while it fills or stays level
  WallTime read_at{};
};

struct PoolLevel {
  std::string pool;  ///< `anthropic/ORGANISATION[/WORKSPACE]`, or `anthropic/key:NAME` until the organisation is known
  std::string provider;
  std::string organisation;
  std::string workspace;
  std::string model_group;
  std::vector<std::string> keys;   ///< names of those whose answers spoke of it
  std::vector<LimitLevel> limits;  ///< by dimension
};

/// The smallest number of requests that remain in one of the pools for messages of these providers; absent where none tells. Batches and
/// token counting have limits of their own, which run out without any harm to messages.
[[nodiscard]] std::optional<double> smallest_requests_remaining(std::span<const PoolLevel> levels, std::span<const std::string_view> providers);

/// The newest rate-limit reading of every pool. Any thread: one short lock, no I/O under it. Holds at most `max_pools` pools (model
/// names come from clients); the one not read for longest gives way.
class LimitBoard {
 public:
  /// What was not read for as long is known to rooms still, but shown to nobody: its last figure may be of a key that is no longer used,
  /// and of one that is merely idle nothing is missing.
  static constexpr std::chrono::minutes kFresh{15};

  explicit LimitBoard(std::size_t max_pools = 1'000) : max_pools_(max_pools) {}

  /// Takes over what an answer's head said; families that are missing keep what was known of them. Of a subscription, whose unified windows
  /// are no limits per minute, the pool alone is shown.
  void observe(const PoolSighting& sighting, const llm::RateLimitReading& reading, Now now);
  /// Everything that is known, ordered by pool and group.
  [[nodiscard]] std::vector<PoolLevel> levels(Now now) const;
  /// Likewise, what was read within kFresh.
  [[nodiscard]] std::vector<PoolLevel> fresh_levels(Now now) const;
  /// Forgets the pools of other providers than these: of an earlier configuration, or taken away by a reload.
  void keep_only(std::span<const std::string_view> providers);
  /// Puts back what an earlier process knew. Levels that are older than a minute have refilled since, at most to their limit.
  void restore(std::span<const PoolLevel> levels, Now now);

 private:
  struct Level {
    std::optional<std::int64_t> limit, remaining;
    std::optional<Nanoseconds> full_after;
    SteadyTime read_at{};
    WallTime read_at_wall{};
    double use_per_second = 0;  ///< smoothed over about a minute, from the fall between readings; to be divided by …
    double use_weight = 0;      ///< … how much of a minute has been seen, so that the first readings count in full
    bool known = false;
  };
  static constexpr std::size_t kDimensions = static_cast<std::size_t>(llm::LimitDimension::PriorityOutputTokens) + 1;
  struct Pool {
    std::string provider, organisation, workspace, model_group;
    std::vector<std::string> keys;
    std::array<Level, kDimensions> levels;
    SteadyTime read_at{};
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  using Pools = std::unordered_map<std::string, Pool, Hash, std::equal_to<>>;

  [[nodiscard]] Pool& pool_of(const PoolSighting& sighting);
  [[nodiscard]] Pool& find_or_make(const PoolSighting& sighting);
  [[nodiscard]] static bool is_of(const PoolSighting& sighting, const Pool& pool);
  [[nodiscard]] static std::string name_of(const Pool& pool);
  static void take(Level& level, const llm::LimitReading& reading, Now now);
  [[nodiscard]] std::vector<PoolLevel> levels_since(SteadyTime oldest, Now now) const;
  /// How many come back in a second.
  [[nodiscard]] static double refill(std::int64_t limit, const Level& level);
  [[nodiscard]] static std::optional<double> remaining_now(const Level& level, SteadyTime now);
  [[nodiscard]] static LimitLevel level_at(llm::LimitDimension dimension, const Level& level, SteadyTime now);

  const std::size_t max_pools_;
  mutable std::mutex mutex_;  ///< guards the fields below
  Pools pools_;
  std::string name_;      ///< kept for its memory
  Pool* last_ = nullptr;  ///< seen last, by its organisation; in pools_
};

}  // namespace tidegate::quota
