// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/model/model_catalog.h"
#include "sim/model/prompt_cache.h"
#include "sim/server/options.h"
#include "sim/server/reply.h"

#include <boost/json/value.hpp>
#include <tl/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::sim {

/// Endpoints that a model answers.
enum class Surface : std::uint8_t { Messages, CountTokens, ChatCompletions, Responses, Embeddings };

[[nodiscard]] inline Dialect dialect_of(Surface surface) {
  return surface == Surface::Messages || surface == Surface::CountTokens ? Dialect::Anthropic : Dialect::OpenAi;
}

struct ToolCall {
  std::string name;
  std::string input;  ///< JSON text
};

/// A request to a model, as far as the simulator looks at it; the same for every surface.
struct ModelCall {
  Surface surface;
  std::string model;
  const ModelInfo* info = nullptr;
  bool stream = false;
  bool include_usage = false;       ///< `stream_options.include_usage`
  std::int64_t max_tokens = 0;      ///< of the answer
  bool is_fast = false;             ///< `speed: "fast"`
  bool is_code_generation = false;  ///< carries a tool that edits files or runs commands
  bool wants_thinking = false;
  bool wants_citations = false;
  bool stores = true;                     ///< `store` of /v1/responses
  std::string previous_response;          ///< `previous_response_id`
  std::vector<std::string> signatures;    ///< of the thinking in earlier turns
  CachePrompt prompt;                     ///< without its scope
  std::optional<ToolCall> tool;           ///< what the answer shall call
  std::optional<std::string> structured;  ///< the answer's text where a JSON schema demands one
  std::string user;                       ///< `metadata.user_id`
  std::optional<std::int64_t> length;     ///< output tokens, where the last text says `ANSWER_TOKENS n`
  std::size_t inputs = 1;                 ///< texts of /v1/embeddings
  std::string service_tier = "standard";
  bool is_standard_only = false;  ///< `service_tier: "standard_only"`: no Priority Tier
  std::string inference_geo = "global";

  [[nodiscard]] std::int64_t input_tokens() const;
};

/// Reads the body of a request. The error is what the provider answers (400, 404).
[[nodiscard]] tl::expected<ModelCall, ApiError> read_model_call(Surface surface, const boost::json::value& body,
                                                                std::string_view version, const Options& options);

/// JSON that fits a JSON schema: required and optional properties, the first of enumerations, short texts.
[[nodiscard]] boost::json::value sample_of(const boost::json::value& schema, int depth = 0);

/// About four bytes a token, at least one for a text that is not empty.
[[nodiscard]] std::int64_t tokens_of_text(std::string_view text);

}  // namespace tidegate::sim
