// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer_event.h"

#include <string_view>

namespace tidegate::llm::anthropic {

/// An unknown word is `Unsaid`.
[[nodiscard]] StopReason read_stop_reason(std::string_view word);
/// `end_turn` for `Unsaid`: a whole answer must say one.
[[nodiscard]] std::string_view stop_reason_word(StopReason reason);

}  // namespace tidegate::llm::anthropic
