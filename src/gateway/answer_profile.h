// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer_event.h"
#include "llm/dialect.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::gateway {

/// What two answers of different dialects are compared by. Made of answers that are kept for that, as their bytes came.
struct AnswerProfile {
  std::string_view stop;  ///< a word of our own, the same for both dialects; empty: the answer did not say
  std::int32_t tool_calls = 0;
  bool tool_calls_valid = true;  ///< the arguments of every call are a JSON object
  std::int64_t characters = 0;   ///< of text and of the arguments
};

/// `payload`: a stream's events or one JSON document, without framing. What cannot be read has no profile.
[[nodiscard]] AnswerProfile profile_of(llm::Dialect dialect, bool is_stream, std::string_view payload);

}  // namespace tidegate::gateway
