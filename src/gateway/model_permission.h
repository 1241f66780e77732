// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/dialect.h"
#include "net/http1/head.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::gateway {

/// Why a key that may use some models only may not send this request; nothing if it may. What could not be read is
/// refused: a provider may read it otherwise. `allowed`: globs, at least one. `body`: all of it; an upload that streams
/// through has none yet.
[[nodiscard]] std::optional<std::string> why_not_allowed(std::span<const std::string> allowed,
                                                         const net::http1::RequestHead& head, llm::Endpoint endpoint,
                                                         std::string_view body);

}  // namespace tidegate::gateway
