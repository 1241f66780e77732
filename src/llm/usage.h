// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::llm {

/// Tokens by the kind they are priced as. The kinds do not overlap: total input = input + cache_read + both cache writes.
struct TokenCounts {
  std::int64_t input = 0;           ///< neither read from nor written to the cache
  std::int64_t cache_read = 0;
  std::int64_t cache_write_5m = 0;
  std::int64_t cache_write_1h = 0;
  std::int64_t output = 0;          ///< reasoning included
  std::int64_t reasoning = 0;       ///< part of output, for display only

  [[nodiscard]] std::int64_t total_input() const { return input + cache_read + cache_write_5m + cache_write_1h; }
  TokenCounts& operator+=(const TokenCounts& other);
  friend bool operator==(const TokenCounts&, const TokenCounts&) = default;
};

/// One entry of Anthropic's `usage.iterations[]`: where it is present it is the bill, and the top level is not.
struct UsageIteration {
  enum class Kind : std::uint8_t { Message, Compaction, Advisor, Fallback, Unknown };
  Kind kind = Kind::Message;
  std::string model;  ///< empty: the answer's model
  TokenCounts tokens;

  friend bool operator==(const UsageIteration&, const UsageIteration&) = default;
};

/// What an answer says it used. OpenAI's figures are converted to these kinds (its prompt_tokens include the cached ones).
struct Usage {
  TokenCounts tokens;
  std::int64_t web_search_requests = 0;
  std::int64_t web_fetch_requests = 0;
  std::int64_t code_execution_requests = 0;
  std::string service_tier;   ///< as answered: standard, priority, batch, flex …; empty if not said
  std::string speed;          ///< standard, fast; empty if not said
  std::string inference_geo;  ///< us, global …; empty if not said
  std::vector<UsageIteration> iterations;
  bool seen = false;       ///< any usage figure was read
  bool complete = false;   ///< the final figures were read (message_delta, or the whole JSON answer)
  bool estimated = false;  ///< some figure is the gateway's estimate, because the end was not seen

  friend bool operator==(const Usage&, const Usage&) = default;
};

/// Some relays repeat the list without its figures; then the top level is all there is.
[[nodiscard]] inline bool iterations_are_the_bill(const Usage& usage) {
  return std::any_of(usage.iterations.begin(), usage.iterations.end(),
                     [](const UsageIteration& iteration) { return iteration.tokens.total_input() + iteration.tokens.output > 0; });
}
/// A `message` iteration without output declined, and is free if a fallback served (facts/anthropic-api.md 2.3).
[[nodiscard]] bool is_billed(const Usage& usage, const UsageIteration& iteration);
/// What is paid for: the sum of the iterations where they are the bill, else the top level.
[[nodiscard]] TokenCounts sum_of_billed_iterations(const Usage& usage);
[[nodiscard]] inline TokenCounts billed_tokens(const Usage& usage) {
  return iterations_are_the_bill(usage) ? sum_of_billed_iterations(usage) : usage.tokens;
}

}  // namespace tidegate::llm
