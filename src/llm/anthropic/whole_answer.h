// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "llm/whole_answer.h"

#include <string>
#include <string_view>

namespace tidegate::llm::anthropic {

/// Reads the JSON answer of `POST /v1/messages`. Fails (`Protocol`) if it is none; an error body is none.
[[nodiscard]] Result<WholeAnswer> read_answer(std::string_view body);

/// The JSON answer of `POST /v1/messages`.
[[nodiscard]] std::string write_answer(const WholeAnswer& answer, const AnswerForm& form);

}  // namespace tidegate::llm::anthropic
