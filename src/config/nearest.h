// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::config {

/// How many insertions, deletions, replacements and swaps of neighbours turn one word into the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known word that someone most likely meant, or nothing when none is close.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

/// `a`, `a or b`, `a, b or c`.
[[nodiscard]] std::string one_of(const std::vector<std::string>& words);

}  // namespace tidegate::config
