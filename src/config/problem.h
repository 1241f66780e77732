// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::config {

/// A place in a text, counted from 1; line 0 = not in any text (a default, the environment).
struct Position {
  int line = 0;
  int column = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

enum class ProblemKind : std::uint8_t {
  Invalid,     ///< somebody has to correct the configuration
  NoProvider,  ///< nothing is wrong, but no provider is named: `tidegate demo` brings its own, everyone else must set
               ///< one
};

/// One thing that is wrong (or, as a warning, doubtful), where it stands, and what to do about it.
struct Problem {
  ProblemKind kind = ProblemKind::Invalid;
  std::string file;  ///< as named by the caller, or "environment"
  int line = 0;      ///< from 1; 0 = no line
  int column = 0;
  std::string message;  ///< never holds a secret

  friend bool operator==(const Problem&, const Problem&) = default;
};

/// `tidegate.yaml:3:5: unknown setting 'listne'; did you mean 'listen'?`
[[nodiscard]] std::string to_text(const Problem& problem);
/// One `to_text` a line.
[[nodiscard]] std::string to_text(const std::vector<Problem>& problems);

/// In the order in which someone reads the file; what has no line comes last.
void sort_by_position(std::vector<Problem>& problems);

}  // namespace tidegate::config
