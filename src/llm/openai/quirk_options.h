// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tidegate::llm::openai {

/// How a provider of this dialect differs, for requests that are translated into it. The defaults are what nearly all
/// of them take.
struct Quirks {
  std::string max_tokens_field = "max_tokens";  ///< OpenAI's own reasoning models take only `max_completion_tokens`
  std::optional<std::int64_t> most_max_tokens = std::nullopt;  ///< a greater one is refused there, so it is cut
  bool stream_options = true;                                  ///< takes `stream_options.include_usage`
  bool ends_with_done = true;       ///< false: a stream may end after its finish reason, without `[DONE]`
  bool sampling = true;             ///< takes `temperature` and `top_p`
  bool top_k = false;               ///< takes `top_k` (vLLM, OpenRouter)
  bool parallel_tool_calls = true;  ///< takes the switch
  bool content_parts = true;        ///< false: texts of one message are joined, because it takes only a string
  bool cache_control = false;       ///< takes Anthropic's cache marks on content parts and tools
  bool user = true;                 ///< takes `user`
  enum class ReasoningEffort : std::uint8_t { Omit, UpToHigh, UpToXHigh };
  ReasoningEffort reasoning_effort = ReasoningEffort::UpToHigh;
  /// What earlier reasoning is called in assistant messages: `reasoning_content` (DeepSeek, Moonshot) or `reasoning`;
  /// empty: it is not sent back.
  std::string reasoning_field = {};
  enum class ResponseFormat : std::uint8_t { None, Object, Schema };
  ResponseFormat response_format = ResponseFormat::Schema;

  friend bool operator==(const Quirks&, const Quirks&) = default;
};

}  // namespace tidegate::llm::openai
