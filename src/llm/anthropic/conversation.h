// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "llm/anthropic/quirk_options.h"
#include "llm/conversation.h"

#include <string>
#include <string_view>

namespace tidegate::llm::anthropic {

/// The signature of thinking that was translated from a provider that signs nothing. Anthropic would refuse it, so such
/// thinking is left out of what is written, and `without_foreign_reasoning` takes it out of a body.
inline constexpr std::string_view kForeignSignature = "tidegate-unsigned";

/// Reads the body of `POST /v1/messages` whole. Fails (`InvalidInput`) if it is no JSON or lacks what makes a
/// conversation, and (`Unsupported`) if it continues a thread that only one provider holds. What has no place in a
/// `Conversation` is named in its `unread`.
[[nodiscard]] Result<Conversation> read_conversation(std::string_view body);

/// The body of `POST /v1/messages` for `model`. What cannot be said there is added to `losses`, with what the reader
/// left unread.
[[nodiscard]] std::string write_conversation(const Conversation& conversation, std::string_view model,
                                             const Quirks& quirks, Losses& losses);

/// The body without the thinking blocks that carry `kForeignSignature`, all other bytes as they were: for a
/// conversation that another dialect's provider took part in and that comes back to Anthropic. Equal to the body if
/// there are none.
[[nodiscard]] std::string without_foreign_reasoning(std::string_view body);

}  // namespace tidegate::llm::anthropic
