// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/upstream_error.h"

#include <string>
#include <string_view>

namespace tidegate::llm::anthropic {

/// What an answer of another status than 2xx means (facts/anthropic-api.md 1.4, 2.5): decided by status, `type` and
/// `details.error_code`; by wording only where nothing else tells (own spend limit, concurrency, an empty balance).
/// A body that is no JSON is judged by its status. For an error that came with a 200, `kind` follows its type.
[[nodiscard]] UpstreamError read_error(int status, std::string_view body);

/// The error type that belongs to a status: 429 → `rate_limit_error`.
[[nodiscard]] std::string_view error_type_of(int status);

/// `{"type":"error","error":{"type":…,"message":…},"request_id":…}`; an empty type is `error_type_of(status)`, an empty
/// request id is left out.
[[nodiscard]] std::string write_error(int status, std::string_view type, std::string_view message,
                                      std::string_view request_id);

/// The same as the event that ends a stream: `event: error`, `data: {…}`, blank line.
[[nodiscard]] std::string write_error_event(int status, std::string_view type, std::string_view message,
                                            std::string_view request_id);

}  // namespace tidegate::llm::anthropic
