// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/dialect.h"

#include <string>
#include <string_view>

namespace tidegate::llm {

/// The group of models that share one set of limits with this one (facts/anthropic-api.md 1.2): `opus-4` for all of Claude
/// Opus 4.x, `opus-5`, `opus-5-5`, `sonnet-4`, `fable-5` … . A model whose name says no family is a group of its own.
/// Message batches and token counting have limits of their own and so are groups, `batches` and `count_tokens`. Fast mode
/// is told by `:fast` behind the group. Open to new families: nothing here is a list of known models.
[[nodiscard]] std::string model_group(Endpoint endpoint, std::string_view model, std::string_view speed);
/// Whether it is a group of models, and not of batches or of token counting.
[[nodiscard]] bool is_message_group(std::string_view model_group);

}  // namespace tidegate::llm
