// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/prefix_chain.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace tidegate::caching {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = a * 0x9E3779B97F4A7C15ULL + b + 0x632BE59BD9B4E019ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

PrefixHasher::PrefixHasher(std::uint64_t seed) {
  // XXH3 wants a secret that looks random; deriving it once is cheaper than a seed with each block.
  std::uint64_t state = seed;
  for (std::size_t i = 0; i < secret_.size(); i += sizeof(std::uint64_t)) {
    state = mix(state, i);
    for (std::size_t k = 0; k < sizeof(std::uint64_t); ++k)
      secret_[i + k] = static_cast<unsigned char>(state >> (8 * k));
  }
}

std::uint64_t PrefixHasher::hash(std::string_view text) const {
  return XXH3_64bits_withSecret(text.data(), text.size(), secret_.data(), secret_.size());
}

PrefixChain PrefixHasher::read(const llm::PromptLayout& layout, std::string_view body, const PromptScope& scope) const {
  PrefixChain chain;
  chain.scope = mix(mix(hash(scope.cache), hash(scope.model)), hash(scope.speed));
  chain.habit = mix(chain.scope, hash(scope.tenant));
  chain.tools = layout.tools.size();
  chain.head = chain.tools + layout.system.size();
  chain.assistant_turns = layout.assistant_turns;
  chain.points.reserve(chain.head + layout.messages.size());
  std::uint64_t key = chain.scope;
  std::size_t bytes = 0;
  const auto text_of = [&](llm::ByteRange range) { return body.substr(range.offset, range.length); };
  const auto add = [&](const std::vector<llm::PromptBlock>& blocks, bool may_be_marked) {
    for (const llm::PromptBlock& block : blocks) {
      const auto kind = static_cast<std::uint64_t>(block.part) * 2 + (block.begins_message ? 1 : 0);
      key = mix(key ^ kind, hash(text_of(block.range)));
      bytes += block.range.length;
      chain.points.push_back({.key = key, .bytes = bytes, .is_markable = block.is_markable && may_be_marked});
    }
  };
  add(layout.tools, true);
  // The provider strips Claude Code's first block by its place: that list keeps its shape.
  add(layout.system, !layout.has_attribution);
  for (const llm::ByteRange range : {layout.tool_choice, layout.thinking, layout.output_config})
    key = mix(key, hash(text_of(range)));
  key = mix(key, layout.has_images ? 1 : 0);
  add(layout.messages, true);
  return chain;
}

std::string affinity_id(const PrefixChain& chain) {
  if (chain.points.empty()) return {};
  const PrefixPoint& shared = chain.points[chain.head == 0 ? 0 : chain.head - 1];
  return fmt::format("prefix:{:016x}", shared.key);
}

}  // namespace tidegate::caching
