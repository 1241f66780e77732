// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/prompt_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace tidegate::sim {

namespace {

constexpr std::size_t kMaximumBreakpoints = 4;
constexpr std::size_t kLookback = 20;  // block positions, the breakpoint's own counted

Nanoseconds life_of(CacheTtl ttl) { return ttl == CacheTtl::OneHour ? Nanoseconds(std::chrono::hours(1)) : Nanoseconds(std::chrono::minutes(5)); }

struct Breakpoint {
  std::size_t position;
  CacheTtl ttl;
};

/// Explicit breakpoints and the automatic one, in order.
std::vector<Breakpoint> breakpoints_of(const CachePrompt& prompt) {
  std::vector<Breakpoint> list;
  for (std::size_t i = 0; i < prompt.blocks.size(); ++i) {
    if (prompt.blocks[i].breakpoint) list.push_back({i, *prompt.blocks[i].breakpoint});
  }
  if (!prompt.automatic) return list;
  for (std::size_t i = prompt.blocks.size(); i-- > 0;) {
    if (!prompt.blocks[i].is_cacheable) continue;  // walks back to the last block that can be marked
    if (!prompt.blocks[i].breakpoint) list.push_back({i, *prompt.automatic});
    break;
  }
  return list;
}

/// Per position: cumulative hash and tokens up to and including it.
struct Prefixes {
  std::vector<std::uint64_t> keys;
  std::vector<std::int64_t> tokens;
};

Prefixes prefixes_of(const CachePrompt& prompt) {
  Prefixes prefixes;
  std::uint64_t key = std::hash<std::string>{}(prompt.scope);
  std::int64_t tokens = 0;
  for (const CacheBlock& block : prompt.blocks) {
    key = combine_hashes(key, block.hash);
    tokens += block.tokens;
    prefixes.keys.push_back(key);
    prefixes.tokens.push_back(tokens);
  }
  return prefixes;
}

}  // namespace

std::uint64_t combine_hashes(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = a * 0x9E3779B97F4A7C15ULL + b + 0x2545F4914F6CDD1DULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

std::optional<std::string> PromptCache::refuse(const CachePrompt& prompt) {
  if (prompt.automatic) {
    for (std::size_t i = prompt.blocks.size(); i-- > 0;) {
      const CacheBlock& block = prompt.blocks[i];
      if (!block.is_cacheable) continue;
      if (block.breakpoint && *block.breakpoint != *prompt.automatic) {
        return "cache_control: the last cacheable block already has a cache_control of a different ttl.";
      }
      break;
    }
  }
  const std::vector<Breakpoint> marks = breakpoints_of(prompt);
  if (marks.size() > kMaximumBreakpoints) {
    return fmt::format("A maximum of 4 blocks with cache_control may be provided. Found {}.", marks.size());
  }
  for (std::size_t i = 1; i < marks.size(); ++i) {
    if (marks[i].ttl == CacheTtl::OneHour && marks[i - 1].ttl == CacheTtl::FiveMinutes) {
      return "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.";
    }
  }
  return std::nullopt;
}

CachePlan PromptCache::plan(SteadyTime now, const CachePrompt& prompt) const {
  CachePlan plan;
  plan.started = now;
  const Prefixes prefixes = prefixes_of(prompt);
  const std::int64_t total = prefixes.tokens.empty() ? 0 : prefixes.tokens.back();
  std::vector<Breakpoint> marks = breakpoints_of(prompt);
  std::erase_if(marks, [&](const Breakpoint& mark) { return prefixes.tokens[mark.position] < prompt.minimum_tokens; });
  if (marks.empty()) {
    plan.usage.uncached = total;
    return plan;
  }

  const auto living = [&](std::size_t position) {
    const auto found = entries_.find(prefixes.keys[position]);
    return found != entries_.end() && found->second.expires > now ? &found->second : nullptr;
  };
  // A: the highest hit within any breakpoint's lookback.
  std::optional<std::size_t> hit;
  for (const Breakpoint& mark : marks) {
    for (std::size_t back = 0; back < kLookback && back <= mark.position; ++back) {
      const std::size_t position = mark.position - back;
      if (living(position) == nullptr) continue;
      if (!hit || position > *hit) hit = position;
      break;
    }
  }
  const std::int64_t at_hit = hit ? prefixes.tokens[*hit] : 0;
  if (hit) plan.entries.push_back({prefixes.keys[*hit], living(*hit)->ttl});  // a read refreshes, at no charge

  // B: the last 1h mark after A; C: the last mark. Read A, write 1h up to B, 5m up to C.
  std::int64_t at_one_hour = at_hit;
  std::int64_t at_last = at_hit;
  for (const Breakpoint& mark : marks) {
    if (hit && mark.position <= *hit) {
      if (mark.position != *hit && living(mark.position) != nullptr) {
        plan.entries.push_back({prefixes.keys[mark.position], living(mark.position)->ttl});
      }
      continue;
    }
    at_last = prefixes.tokens[mark.position];
    if (mark.ttl == CacheTtl::OneHour) at_one_hour = at_last;
    plan.entries.push_back({prefixes.keys[mark.position], mark.ttl});
  }
  plan.usage.read = at_hit;
  plan.usage.written_1h = at_one_hour - at_hit;
  plan.usage.written_5m = at_last - at_one_hour;
  plan.usage.uncached = total - at_last;
  return plan;
}

void PromptCache::commit(const CachePlan& plan) {
  for (const CachePlan::Entry& entry : plan.entries) {
    const SteadyTime expires = plan.started + life_of(entry.ttl);
    const auto [found, is_new] = entries_.try_emplace(entry.key, Entry{expires, entry.ttl});
    if (!is_new && found->second.expires < expires) found->second = Entry{expires, entry.ttl};
  }
}

void PromptCache::sweep(SteadyTime now) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.expires <= now; });
}

}  // namespace tidegate::sim
