// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "config/options.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::app {

/// Reads a variable of the environment; nothing if it is not set or empty.
using Environment = std::function<std::optional<std::string>(const char* name)>;

/// What Tidegate does without a configuration file: Anthropic with CLAUDE_KEY or ANTHROPIC_API_KEY, OpenAI with OPENAI_API_KEY.
/// `anthropic_url` replaces https://api.anthropic.com (a simulator, a relay); a key is then optional.
/// Failure: NotFound, naming the variables to set.
[[nodiscard]] Result<config::Options> options_from_environment(const Environment& environment, const std::string& anthropic_url);

}  // namespace tidegate::app
