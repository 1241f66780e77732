// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string>
#include <string_view>

namespace tidegate::llm::json {

/// The `id` at the top level of an object that a provider made (a batch, a file); `json` may break off behind it. Empty
/// if there is none.
[[nodiscard]] std::string read_object_id(std::string_view json);

}  // namespace tidegate::llm::json
