// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

namespace tidegate::config {

std::string to_text(const Problem& problem) {
  if (problem.line == 0) return fmt::format("{}: {}", problem.file, problem.message);
  return fmt::format("{}:{}:{}: {}", problem.file, problem.line, problem.column, problem.message);
}

std::string to_text(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) text += to_text(problem) + '\n';
  return text;
}

void sort_by_position(std::vector<Problem>& problems) {
  const auto place = [](const Problem& problem) {
    return std::tuple(problem.line == 0 ? std::numeric_limits<int>::max() : problem.line, problem.column);
  };
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
}

}  // namespace tidegate::config
