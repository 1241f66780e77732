// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tidegate::llm::anthropic {

/// How a provider or model of this dialect differs, for requests that are translated into it
/// (facts/anthropic-api.md 0.1, 2.2). The defaults suit current models.
struct Quirks {
  /// Sent as `anthropic-version`. From 2026-10-21 on `temperature`, `top_p` and `top_k` are refused and so left out.
  std::string version = "2023-06-01";
  enum class Thinking : std::uint8_t {
    Adaptive,  ///< `thinking: adaptive` and `output_config.effort` (4.6 and later)
    Budget,    ///< `thinking: enabled` with `budget_tokens` (4.5 and earlier)
    None,
  };
  Thinking thinking = Thinking::Adaptive;
  bool sampling = true;                      ///< takes `temperature`, `top_p`, `top_k`
  bool system_messages = false;              ///< takes `role: system` behind a user message (Opus 4.8 and later)
  bool json_schema = true;                   ///< takes `output_config.format`
  std::int64_t default_max_tokens = 32'000;  ///< `max_tokens` is required here, and seldom said in the other dialect
  std::optional<std::int64_t> most_max_tokens = std::nullopt;  ///< what the model can write at most

  friend bool operator==(const Quirks&, const Quirks&) = default;
};

}  // namespace tidegate::llm::anthropic
