// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Ids and names that the two dialects restrict differently.
namespace tidegate::llm {

/// A tool call's id with only letters, digits, `_` and `-`, which is all that Anthropic takes. An id of that kind stays
/// as it is; another (`functions.search:0`) is written in an alphabet of its own that `original_tool_call_id` reads
/// back when the client's next request carries it.
[[nodiscard]] std::string plain_tool_call_id(std::string_view id);
/// The id that `plain_tool_call_id` was made from; any other id as it is.
[[nodiscard]] std::string original_tool_call_id(std::string_view id);

/// An id for a tool call that a provider gave none: of its answer and its number there.
[[nodiscard]] std::string fallback_call_id(std::string_view answer_id, std::size_t number);

/// `name` if it is no longer than `limit` (≥ 24), otherwise its beginning and a hash of the whole: the same for the
/// same name, so that calls and results of one request still match and prompts stay cacheable.
[[nodiscard]] std::string shortened(std::string_view name, std::size_t limit);

/// The id of an answer in another dialect's form: `prefix` and what follows the other dialect's own prefix, reduced to
/// letters, digits, `_` and `-`. An empty `id` gives `prefix` and `request_id`.
[[nodiscard]] std::string answer_id(std::string_view prefix, std::string_view id, std::string_view request_id);

}  // namespace tidegate::llm
