// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::llm::json {

/// Every model that a request's body asks for, in any dialect: its `model`, and those of `fallbacks`, `models`
/// (OpenRouter) and `tools` (advisor). For who may use some models only, and must not be believed where two readers
/// could see two different ones. Names of members are compared without case, as Go's reader does, in which many relays
/// are written. Failure InvalidInput, whose detail says why the models cannot be told: no valid JSON object, no `model`
/// or two of them, one that is no text, a fallback that leaves the choice to the provider.
[[nodiscard]] Result<std::vector<std::string>> named_models(std::string_view body);

/// The same of each `params` of a batch's `requests`.
[[nodiscard]] Result<std::vector<std::string>> named_models_of_batch(std::string_view body);

}  // namespace tidegate::llm::json
