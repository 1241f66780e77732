// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/json/cursor.h"

#include <string>
#include <string_view>

namespace tidegate::llm::json {

/// How deep arrays and objects may stand in each other: simdjson's and most parsers' bound.
inline constexpr std::size_t kDeepest = 1000;

/// Whether `text` is one JSON value by the grammar of RFC 8259, no deeper than `kDeepest`, with nothing but blanks
/// around it. Bytes beyond ASCII are not judged. For values that are handed on as they are written; `Cursor` alone is
/// lenient about what it steps over.
[[nodiscard]] bool is_valid(std::string_view text);

/// The same, and the value is an object.
[[nodiscard]] bool is_valid_object(std::string_view text);

/// The next value as it is written, blanks around it left out; `text` is what the cursor reads. Consumes it.
[[nodiscard]] inline std::string_view raw_value(Cursor& cursor, std::string_view text) {
  const std::size_t begin = cursor.begin_of_value();
  cursor.skip();
  return cursor.broken() ? std::string_view{} : text.substr(begin, cursor.end_of_value() - begin);
}

/// A short value without the blanks between its parts, to be compared; a longer one as it is.
[[nodiscard]] std::string compact(std::string_view value);

}  // namespace tidegate::llm::json
