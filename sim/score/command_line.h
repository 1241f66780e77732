// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace tidegate::sim {

/// `tidegate-sim score URL`: puts a storm to a gateway and prints how it did. `argv[0]` is `score`. Gives the exit
/// code.
[[nodiscard]] int run_score_command(int argc, const char* const* argv);

}  // namespace tidegate::sim
