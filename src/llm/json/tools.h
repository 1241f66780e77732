// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::llm::json {

/// The names in a request's `tools` array, in order: `name` (Anthropic, OpenAI Responses) or `function.name` (OpenAI Chat
/// Completions). Empty for what is no array.
[[nodiscard]] std::vector<std::string> tool_names(std::string_view tools);

}  // namespace tidegate::llm::json
