// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "scenario.h"

#include "player.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace tidegate::scenarios {

std::vector<Scenario> parse_scenarios(std::string_view text, const std::string& file) {
  std::vector<Scenario> scenarios;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    line.resize(std::min(line.find('#'), line.size()));
    const std::vector<std::string> words = words_of(line);
    if (words.empty()) continue;
    if (words[0] == "case") {
      scenarios.push_back({.file = file, .name = words.size() > 1 ? line.substr(line.find(words[1], line.find("case") + 4)) : "nameless", .lines = {}});
      continue;
    }
    if (scenarios.empty()) scenarios.push_back({.file = file, .name = "before the first case", .lines = {}});
    scenarios.back().lines.push_back({number, line});
  }
  return scenarios;
}

std::vector<Scenario> read_scenarios(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return parse_scenarios(text.str(), "tests/scenarios/" + file.filename().string());
}

std::vector<std::string> play(const Scenario& scenario) {
  std::vector<std::string> complaints;
  Player player;
  for (const Line& line : scenario.lines) {
    try {
      for (const std::string& complaint : player.play(line.text)) {
        complaints.push_back(fmt::format("{}:{}: {}", scenario.file, line.number, complaint));
      }
    } catch (const Nonsense& nonsense) {
      complaints.push_back(fmt::format("{}:{}: {}", scenario.file, line.number, nonsense.what()));
      return complaints;  // what follows would only repeat it
    }
  }
  return complaints;
}

}  // namespace tidegate::scenarios
