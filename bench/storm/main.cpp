// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
//     storm_bench list                          the scenarios, one a line
//     storm_bench SCENARIO POLICY SEED…         runs one, or a whole group of them (`s4`), and prints a line of JSON for each run
#include "bench/storm/world.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

int main(int count, char** arguments) {
  using namespace tidegate::storm;
  if (count == 2 && std::string_view(arguments[1]) == "list") {
    for (const Scenario& one : all_scenarios()) std::puts(one.name.c_str());
    return 0;
  }
  if (count < 4) {
    std::fputs("storm_bench list | SCENARIO POLICY SEED…\n", stderr);
    return 2;
  }
  const auto chosen = scenarios(arguments[1]);
  const auto policy = policy_kind(arguments[2]);
  if (chosen.empty() || !policy) {
    std::fprintf(stderr, "storm_bench: there is no scenario '%s' or no policy '%s'\n", arguments[1], arguments[2]);
    return 2;
  }
  for (const Scenario& one : chosen) {
    for (int i = 3; i < count; ++i) {
      const auto seed = static_cast<std::uint64_t>(std::strtoull(arguments[i], nullptr, 10));
      std::puts(to_json(World(one, *policy, seed).run(), one.name, arguments[2], seed).c_str());
      std::fflush(stdout);
    }
  }
  return 0;
}
