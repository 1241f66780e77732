// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::scenarios {

struct Line {
  int number = 0;
  std::string text;  ///< without comment
};

/// One story about one waiting room: what happens, and what has to come of it. The language is described in README.md.
struct Scenario {
  std::string file;  ///< as it is named in complaints
  std::string name;
  std::vector<Line> lines;
};

/// The cases of a file, in order: each begins with a line `case NAME`.
[[nodiscard]] std::vector<Scenario> read_scenarios(const std::filesystem::path& file);
[[nodiscard]] std::vector<Scenario> parse_scenarios(std::string_view text, const std::string& file);

/// Plays a scenario; gives a complaint for each expectation that was not met (`FILE:LINE: expected …, but …`), or for the first line that
/// makes no sense (`FILE:LINE: unknown step 'requst'; did you mean 'request'?`). Empty: all is well.
[[nodiscard]] std::vector<std::string> play(const Scenario& scenario);

}  // namespace tidegate::scenarios
