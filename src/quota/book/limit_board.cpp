// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/limit_board.h"

#include "llm/model_group.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace tidegate::quota {

namespace {

constexpr double kSmoothingSeconds = 60;  // of the rate of use: as long as the buckets themselves
constexpr double kRefillSeconds = 60;     // of an empty bucket per minute
constexpr std::size_t kMostKeys = 64;     // named per pool; in passthrough mode every client brings its own

double seconds(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

/// Ends every part, so that two different pools never read alike.
void append_part(std::string& name, std::string_view part) {
  name += part;
  name += '\x1f';
}

}  // namespace

bool LimitBoard::is_of(const PoolSighting& sighting, const Pool& pool) {
  return sighting.organisation == pool.organisation && sighting.model_group == pool.model_group &&
         sighting.workspace == pool.workspace && sighting.provider == pool.provider;
}

LimitBoard::Pool& LimitBoard::find_or_make(const PoolSighting& sighting) {
  name_.clear();
  append_part(name_, sighting.provider);
  append_part(name_, sighting.organisation);
  append_part(name_, sighting.workspace);
  append_part(name_, sighting.model_group);
  if (sighting.organisation.empty()) append_part(name_, sighting.key);
  auto found = pools_.find(name_);
  if (found != pools_.end()) return found->second;
  if (pools_.size() >= max_pools_) {
    last_ = nullptr;
    pools_.erase(std::min_element(pools_.begin(), pools_.end(),
                                  [](const auto& a, const auto& b) { return a.second.read_at < b.second.read_at; }));
  }
  Pool pool;
  pool.provider = sighting.provider;
  pool.organisation = sighting.organisation;
  pool.workspace = sighting.workspace;
  pool.model_group = sighting.model_group;
  return pools_.emplace(name_, std::move(pool)).first->second;
}

LimitBoard::Pool& LimitBoard::pool_of(const PoolSighting& sighting) {
  // One answer is often of the same pool as the one before: a comparison instead of a hash and a search.
  Pool& pool = last_ != nullptr && is_of(sighting, *last_) ? *last_ : find_or_make(sighting);
  if (!sighting.organisation.empty()) last_ = &pool;  // else its key would have to be compared as well
  if (!sighting.key.empty() && pool.keys.size() < kMostKeys &&
      std::find(pool.keys.begin(), pool.keys.end(), sighting.key) == pool.keys.end()) {
    pool.keys.emplace_back(sighting.key);
  }
  return pool;
}

void LimitBoard::take(Level& level, const llm::LimitReading& reading, Now now) {
  const std::optional<double> expected = remaining_now(level, now.steady);
  const double elapsed = seconds(now.steady - level.read_at);
  if (level.known && expected && reading.remaining && elapsed > 0) {
    // What is missing against a bucket that nobody draws from was used, by us or by others of the organisation.
    const double used = std::max(0.0, *expected - static_cast<double>(*reading.remaining));
    const double part = 1 - std::exp(-elapsed / kSmoothingSeconds);
    level.use_per_second += part * (used / elapsed - level.use_per_second);
    level.use_weight += part * (1 - level.use_weight);
  }
  if (reading.limit) level.limit = reading.limit;
  level.remaining = reading.remaining;
  level.full_after = reading.full_after;
  level.read_at = now.steady;
  level.read_at_wall = now.wall;
  level.known = true;
}

void LimitBoard::observe(const PoolSighting& sighting, const llm::RateLimitReading& reading, Now now) {
  if (reading.limits.empty() && reading.unified.empty()) return;
  const std::lock_guard lock(mutex_);
  Pool& pool = pool_of(sighting);
  pool.read_at = now.steady;
  for (const llm::LimitReading& limit : reading.limits) take(pool.levels[static_cast<std::size_t>(limit.dimension)], limit, now);
}

double LimitBoard::refill(std::int64_t limit, const Level& level) {
  const double usual = static_cast<double>(limit) / kRefillSeconds;
  if (!level.remaining || !level.full_after) return usual;
  // A limit per day has the same headers (OpenAI's `reset: 21h36m`); below a minute the provider's rounding says more than the figure.
  const double full_after = seconds(*level.full_after);
  if (full_after <= kRefillSeconds) return usual;
  return std::min(usual, static_cast<double>(limit - *level.remaining) / full_after);
}

std::optional<double> LimitBoard::remaining_now(const Level& level, SteadyTime now) {
  if (!level.known || !level.limit || !level.remaining) return std::nullopt;
  const auto limit = static_cast<double>(*level.limit);
  const auto remaining = static_cast<double>(*level.remaining);
  // A provider may show more than the limit (bursts, priority capacity): that is not cut.
  if (remaining >= limit) return remaining;
  return std::min(limit, remaining + refill(*level.limit, level) * std::max(0.0, seconds(now - level.read_at)));
}

LimitLevel LimitBoard::level_at(llm::LimitDimension dimension, const Level& level, SteadyTime now) {
  LimitLevel shown;
  shown.dimension = dimension;
  shown.limit = level.limit;
  shown.remaining = level.remaining;
  shown.full_after = level.full_after;
  shown.remaining_now = remaining_now(level, now);
  shown.read_at = level.read_at_wall;
  if (shown.remaining_now && level.use_weight > 0) {
    const double refilled = refill(*level.limit, level);
    // Silence is use that ended: the rate fades with the age of the reading.
    const double use = level.use_per_second / level.use_weight * std::exp(-std::max(0.0, seconds(now - level.read_at)) / kSmoothingSeconds);
    if (use > refilled) shown.seconds_to_exhaustion = *shown.remaining_now / (use - refilled);
  }
  return shown;
}

std::string LimitBoard::name_of(const Pool& pool) {
  std::string name = pool.provider + "/";
  if (pool.organisation.empty()) return name + "key:" + (pool.keys.empty() ? std::string() : pool.keys.front());
  name += pool.organisation;
  if (!pool.workspace.empty()) name += "/" + pool.workspace;
  return name;
}

std::vector<PoolLevel> LimitBoard::levels(Now now) const { return levels_since(SteadyTime::min(), now); }

std::vector<PoolLevel> LimitBoard::fresh_levels(Now now) const { return levels_since(now.steady - kFresh, now); }

std::vector<PoolLevel> LimitBoard::levels_since(SteadyTime oldest, Now now) const {
  std::vector<PoolLevel> shown;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, pool] : pools_) {
      if (pool.read_at < oldest) continue;
      PoolLevel level;
      level.pool = name_of(pool);
      level.provider = pool.provider;
      level.organisation = pool.organisation;
      level.workspace = pool.workspace;
      level.model_group = pool.model_group;
      level.keys = pool.keys;
      for (std::size_t i = 0; i < kDimensions; ++i) {
        const Level& known = pool.levels[i];
        if (known.known && known.read_at >= oldest) level.limits.push_back(level_at(static_cast<llm::LimitDimension>(i), known, now.steady));
      }
      shown.push_back(std::move(level));
    }
  }
  std::sort(shown.begin(), shown.end(), [](const PoolLevel& a, const PoolLevel& b) {
    return std::tie(a.pool, a.model_group) < std::tie(b.pool, b.model_group);
  });
  return shown;
}

void LimitBoard::keep_only(std::span<const std::string_view> providers) {
  const std::lock_guard lock(mutex_);
  last_ = nullptr;
  std::erase_if(pools_, [&](const auto& pool) { return std::find(providers.begin(), providers.end(), pool.second.provider) == providers.end(); });
}

std::optional<double> smallest_requests_remaining(std::span<const PoolLevel> levels, std::span<const std::string_view> providers) {
  std::optional<double> smallest;
  for (const PoolLevel& pool : levels) {
    if (!llm::is_message_group(pool.model_group) || std::find(providers.begin(), providers.end(), pool.provider) == providers.end()) continue;
    for (const LimitLevel& level : pool.limits) {
      if (level.dimension != llm::LimitDimension::Requests || !level.remaining_now) continue;
      if (!smallest || *level.remaining_now < *smallest) smallest = level.remaining_now;
    }
  }
  return smallest;
}

void LimitBoard::restore(std::span<const PoolLevel> levels, Now now) {
  const std::lock_guard lock(mutex_);
  for (const PoolLevel& stored : levels) {
    const std::string_view key = stored.keys.empty() ? std::string_view{} : std::string_view(stored.keys.front());
    Pool& pool = pool_of({.provider = stored.provider,
                          .organisation = stored.organisation,
                          .workspace = stored.workspace,
                          .model_group = stored.model_group,
                          .key = key});
    for (const LimitLevel& limit : stored.limits) {
      Level& level = pool.levels[static_cast<std::size_t>(limit.dimension)];
      // A wall clock that was set back makes a reading look as if it came from the future: then it counts as new.
      const Nanoseconds age = std::max(Nanoseconds(0), now.wall - limit.read_at);
      level.limit = limit.limit;
      level.remaining = limit.remaining;
      level.full_after = limit.full_after;
      level.read_at = now.steady - age;
      level.read_at_wall = limit.read_at;
      level.known = true;
      pool.read_at = std::max(pool.read_at, level.read_at);
    }
  }
}

}  // namespace tidegate::quota
