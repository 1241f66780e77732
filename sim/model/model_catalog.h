// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "sim/model/prompt_cache.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::sim {

enum class Vendor : std::uint8_t { Anthropic, OpenAi };

/// US dollars for a million tokens.
struct ModelPrice {
  double input = 0, write_5m = 0, write_1h = 0, read = 0, output = 0;
};

/// What requests of its time a model still takes (facts/anthropic-api.md 2.2).
enum class Era : std::uint8_t {
  UpTo45,   ///< prefill, and `thinking: enabled`
  Of46,     ///< no prefill: the conversation ends with the user
  Since47,  ///< nor `thinking: enabled`: it is `adaptive`
};

struct ModelInfo {
  std::string_view id;
  Vendor vendor;
  std::string_view group;              ///< models of one group share limits
  std::int64_t minimum_cached_tokens;  ///< shorter prefixes are not cached
  ModelPrice price;
  Era era = Era::Since47;
  bool counts_cache_reads = false;  ///< against the input limit (the models marked † in facts 1.2)
  std::optional<ModelPrice> above_100k = std::nullopt;  ///< of the whole request when its prompt is longer
};

/// Every model the simulator lists, facts/anthropic-api.md 3 and 4. Where a figure was not found it is the predecessor's.
[[nodiscard]] std::span<const ModelInfo> known_models();
/// The model of exactly that id.
[[nodiscard]] const ModelInfo* find_model(std::string_view id);
/// Figures for an id that is not listed but looks like a model (`claude-…`, `gpt-…`, `o1…`, `text-embedding-…`); else null.
[[nodiscard]] const ModelInfo* likely_model(std::string_view id);

/// What a request costs by list price; the sum is rounded to whole nano-dollars.
[[nodiscard]] Money cost_of(const ModelInfo& model, const CacheUsage& input, std::int64_t output_tokens);

}  // namespace tidegate::sim
