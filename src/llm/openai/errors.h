// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/dialect.h"
#include "llm/upstream_error.h"

#include <string>
#include <string_view>

namespace tidegate::llm::openai {

/// What an answer of another status than 2xx means, from OpenAI, from those who speak its dialect, and from relays
/// (facts/anthropic-api.md 1.5, 7). A body that is no JSON is judged by its status; an error that came with a 200 by
/// its type.
[[nodiscard]] UpstreamError read_error(int status, std::string_view body);

/// The error type that belongs to a status: 429 → `rate_limit_error`.
[[nodiscard]] std::string_view error_type_of(int status);

/// `{"error":{"message":…,"type":…,"param":null,"code":…}}`; an empty type is `error_type_of(status)`, an empty code is
/// null. The shape has no place for a request id, so it is added to the message, as OpenAI does.
[[nodiscard]] std::string write_error(int status, std::string_view type, std::string_view message,
                                      std::string_view request_id, std::string_view code = {});

/// The event that ends a stream of that endpoint: a nameless one with `error` for chat (SDKs throw at any chunk that
/// has one), for Responses `event: error` with `code` and `message` at the top level.
[[nodiscard]] std::string write_error_event(Endpoint endpoint, int status, std::string_view type,
                                            std::string_view message, std::string_view request_id,
                                            std::string_view code = {});

}  // namespace tidegate::llm::openai
