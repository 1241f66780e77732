// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer_event.h"

#include <string_view>

namespace tidegate::llm::openai {

/// An unknown word is `EndTurn`.
[[nodiscard]] StopReason read_finish_reason(std::string_view word);
[[nodiscard]] std::string_view finish_reason_word(StopReason reason);

}  // namespace tidegate::llm::openai
