// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/server/options.h"

#include <optional>

namespace tidegate::sim {

struct CommandLine {
  std::optional<Options> options;  ///< absent: print nothing more, end with `exit_code`
  int exit_code = 0;
};

/// Reads the program's arguments; complaints and `--help` are printed here. sim/README.md documents every option.
[[nodiscard]] CommandLine read_command_line(int argc, const char* const* argv);

}  // namespace tidegate::sim
