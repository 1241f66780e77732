// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "llm/conversation.h"
#include "llm/openai/quirk_options.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace tidegate::llm::openai {

/// OpenAI's own limits on what a client of the other dialect may have named longer.
inline constexpr std::size_t kLongestToolName = 64;
inline constexpr std::size_t kLongestToolCallId = 40;

/// Reads the body of `POST /v1/chat/completions` whole. Fails (`InvalidInput`) if it is no JSON or lacks what makes a
/// conversation, and (`Unsupported`) for the older `functions`. What has no place in a `Conversation` is named in its
/// `unread`.
[[nodiscard]] Result<Conversation> read_conversation(std::string_view body);

/// The body of `POST /v1/chat/completions` for `model`. What cannot be said there is added to `losses`, with what the
/// reader left unread. Tool names longer than `kLongestToolName` are `shortened`.
[[nodiscard]] std::string write_conversation(const Conversation& conversation, std::string_view model,
                                             const Quirks& quirks, Losses& losses);

}  // namespace tidegate::llm::openai
