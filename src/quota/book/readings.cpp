// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/readings.h"

#include <algorithm>

#include <chrono>

namespace tidegate::quota {
namespace {

Reading one(const llm::LimitReading* reading) {
  Reading out;
  if (reading == nullptr) return out;
  if (reading->limit) out.limit = static_cast<double>(*reading->limit);
  if (reading->remaining) out.remaining = static_cast<double>(*reading->remaining);
  if (reading->full_after) out.full_after_seconds = std::chrono::duration<double>(*reading->full_after).count();
  return out;
}

}  // namespace

Readings to_readings(const llm::RateLimitReading& reading, std::string_view model_group) {
  using llm::LimitDimension;
  const bool is_fast = model_group.ends_with(":fast");
  Readings out;
  out[Dimension::Requests] = one(reading.find(LimitDimension::Requests));
  out[Dimension::Input] = one(reading.find(is_fast ? LimitDimension::FastInputTokens : LimitDimension::InputTokens));
  out[Dimension::Output] = one(reading.find(is_fast ? LimitDimension::FastOutputTokens : LimitDimension::OutputTokens));
  const llm::LimitReading* const tokens = reading.find(LimitDimension::Tokens);
  const llm::LimitReading* const input = reading.find(LimitDimension::InputTokens);
  const llm::LimitReading* const output = reading.find(LimitDimension::OutputTokens);
  const bool is_their_sum = tokens && tokens->limit && input && input->limit && output && output->limit &&
                            *tokens->limit == *input->limit + *output->limit;
  if (!is_their_sum && !is_fast) out[Dimension::Tokens] = one(tokens);
  return out;
}

Readings part_of(const Readings& whole, double factor) {
  if (factor == 1) return whole;
  Readings part;
  for (const Dimension d : kAllDimensions) {
    const Reading& reading = whole[d];
    if (!reading.limit) continue;
    part[d].limit = *reading.limit * factor;
    if (!reading.remaining) continue;
    // As deep as the whole one, if that is known: what is left, and what is refilled until it is full.
    const double depth = reading.full_after_seconds ? std::min(*reading.limit, *reading.remaining + *reading.limit / 60 * *reading.full_after_seconds) : *reading.limit;
    part[d].remaining = std::max(0.0, *reading.remaining - (1 - factor) * depth);
    // As much is missing from it as from the whole one, and a part of the refill makes it up.
    if (reading.full_after_seconds) part[d].full_after_seconds = *reading.full_after_seconds / factor;
  }
  return part;
}

std::vector<KnownPool> known_pools(std::span<const PoolLevel> levels, std::string_view provider, std::string_view model_group) {
  std::vector<KnownPool> pools;
  for (const PoolLevel& level : levels) {
    if (level.provider != provider || level.model_group != model_group) continue;
    llm::RateLimitReading reading;
    for (const LimitLevel& limit : level.limits) {
      std::optional<std::int64_t> remaining;
      if (limit.remaining_now) remaining = static_cast<std::int64_t>(*limit.remaining_now);
      reading.limits.push_back({limit.dimension, limit.limit, remaining, std::nullopt});
    }
    const Readings readings = to_readings(reading, model_group);
    KnownPool pool;
    for (const Dimension d : kAllDimensions) {
      pool.limits[d] = readings[d].limit;
      pool.levels[d] = readings[d].remaining;
    }
    if (level.organisation.empty()) {
      for (const std::string& key : level.keys) {
        pool.pool = "key:" + key;
        pools.push_back(pool);
      }
      continue;
    }
    pool.pool = level.organisation;
    pools.push_back(pool);
    if (level.workspace.empty()) continue;
    pool.pool += "/" + level.workspace;
    pools.push_back(pool);
  }
  return pools;
}

}  // namespace tidegate::quota
