// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/header_field.h"

#include <optional>
#include <string_view>

namespace tidegate::gateway {

/// What a request's head says to the gateway itself, beside its credential: read in one pass over the fields. Views, valid as long as the
/// fields; of a field that comes twice the first.
struct RequestFields {
  std::optional<std::string_view> session;   ///< x-claude-code-session-id
  std::optional<std::string_view> agent;     ///< x-claude-code-agent-id
  std::optional<std::string_view> priority;  ///< x-tidegate-priority
  std::optional<std::string_view> max_wait;  ///< x-tidegate-max-wait
  std::optional<std::string_view> cache;     ///< x-tidegate-cache
};

[[nodiscard]] RequestFields read_request_fields(HeaderFields fields);

}  // namespace tidegate::gateway
