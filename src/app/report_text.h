// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::app {

/// Labels come from clients: nothing in them may change the shape of what is printed.

/// With its quotes.
[[nodiscard]] std::string json_string(std::string_view text);
/// Quoted where necessary; what a spreadsheet would run as a formula gets an apostrophe in front.
[[nodiscard]] std::string csv_field(std::string_view text);
/// One line, `-` if empty, with a backslash before each character of `escaped`.
[[nodiscard]] std::string one_line(std::string_view text, std::string_view escaped);
/// The characters that Markdown's tables take for more than text.
inline constexpr std::string_view kMarkdownMarks = "|\\`*_<";

/// Lines of cells, the first of them the heading; the first `labels` columns are aligned to the left, the others, which
/// are figures, to the right.
using Grid = std::vector<std::vector<std::string>>;
[[nodiscard]] std::string aligned_table(const Grid& lines, std::size_t labels);
[[nodiscard]] std::string markdown_table(const Grid& lines, std::size_t labels);

}  // namespace tidegate::app
