// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidegate::sim {

enum class CacheTtl : std::uint8_t { FiveMinutes, OneHour };

/// One block of a prompt, in the order tools → system → messages.
struct CacheBlock {
  std::uint64_t hash = 0;    ///< of the block's content and kind, and of whatever invalidates from here on
  std::int64_t tokens = 0;
  std::optional<CacheTtl> breakpoint = std::nullopt;  ///< carries `cache_control`
  bool is_cacheable = true;  ///< false for thinking blocks and empty text, which no breakpoint may mark
};

struct CachePrompt {
  std::string scope;  ///< workspace, model and speed: caches are never shared between them
  std::vector<CacheBlock> blocks;
  std::optional<CacheTtl> automatic = std::nullopt;  ///< top-level `cache_control`: marks the last cacheable block
  std::int64_t minimum_tokens = 1024;  ///< of the model; a shorter prefix is neither written nor read, silently
};

/// How the input of a request divides.
struct CacheUsage {
  std::int64_t uncached = 0;  ///< `input_tokens`: what follows the last breakpoint
  std::int64_t read = 0;
  std::int64_t written_5m = 0;
  std::int64_t written_1h = 0;

  [[nodiscard]] std::int64_t written() const { return written_5m + written_1h; }
  [[nodiscard]] std::int64_t total() const { return uncached + read + written(); }
  friend bool operator==(const CacheUsage&, const CacheUsage&) = default;
};

/// What a request will do to the cache once its answer begins.
struct CachePlan {
  struct Entry {
    std::uint64_t key;
    CacheTtl ttl;
  };
  CacheUsage usage;
  SteadyTime started;
  std::vector<Entry> entries;  ///< written or refreshed
};

/// A provider's prompt cache as facts/anthropic-api.md 3 describes it. Not thread-safe; time is an argument.
class PromptCache {
 public:
  /// Why a prompt is refused with 400, or nothing: more than four breakpoints, one hour after five minutes, an
  /// automatic breakpoint against an explicit one of another TTL.
  [[nodiscard]] static std::optional<std::string> refuse(const CachePrompt& prompt);

  /// Reads only: two requests at once both find nothing and both pay for the write.
  [[nodiscard]] CachePlan plan(SteadyTime now, const CachePrompt& prompt) const;
  /// The answer began: entries become usable. They live from the *start* of the request, not from here.
  void commit(const CachePlan& plan);
  /// Drops what has expired; `plan` ignores it anyway.
  void sweep(SteadyTime now);
  void clear() { entries_.clear(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    SteadyTime expires;
    CacheTtl ttl;
  };
  std::unordered_map<std::uint64_t, Entry> entries_;
};

/// Mixes two hashes; order matters.
[[nodiscard]] std::uint64_t combine_hashes(std::uint64_t a, std::uint64_t b);

}  // namespace tidegate::sim
