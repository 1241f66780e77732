// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/prompt_layout.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::caching {

/// Whose cache a prompt meets, and whose habits it follows.
struct PromptScope {
  std::string_view cache;  ///< what keeps caches apart: provider, and organisation or workspace where it is known
  std::string_view model;
  std::string_view speed;
  std::string_view tenant;  ///< shares the cache, but not the habits
};

/// A prompt up to and including one of its blocks.
struct PrefixPoint {
  std::uint64_t key = 0;  ///< of everything up to here, in this scope
  std::size_t bytes = 0;  ///< of the blocks up to here
  bool is_markable = false;
};

/// A prompt as its prefixes: one point per block, in prefix order. Holds no text.
struct PrefixChain {
  std::uint64_t scope = 0;
  std::uint64_t habit = 0;  ///< of scope and tenant
  std::size_t tools = 0;    ///< points [0, tools) end tools …
  std::size_t head = 0;     ///< … [tools, head) blocks of system, the others blocks of messages
  std::int32_t assistant_turns = 0;
  std::vector<PrefixPoint> points;

  [[nodiscard]] std::size_t bytes() const { return points.empty() ? 0 : points.back().bytes; }
};

/// Hashes prompts (XXH3-64). Keyed by `seed`, a random number per process: nobody outside can tell or choose a key. Any
/// thread.
class PrefixHasher {
 public:
  explicit PrefixHasher(std::uint64_t seed);

  /// `layout` was read from `body`. Bytes count as they are written: the same prompt spelled otherwise has another key,
  /// as it may have for the provider. What invalidates the messages goes into their keys.
  [[nodiscard]] PrefixChain read(const llm::PromptLayout& layout, std::string_view body,
                                 const PromptScope& scope) const;

 private:
  [[nodiscard]] std::uint64_t hash(std::string_view text) const;

  static constexpr std::size_t kSecretBytes = 192;
  std::array<unsigned char, kSecretBytes> secret_;
};

/// Mixes two keys; order matters.
[[nodiscard]] std::uint64_t mix(std::uint64_t a, std::uint64_t b);

/// An id of what many requests have in common, for the board that remembers which pool served it last: of tools and
/// system where there are any, else of the first message (which a conversation keeps). Empty: there is no prompt.
[[nodiscard]] std::string affinity_id(const PrefixChain& chain);

}  // namespace tidegate::caching
