// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace tidegate::sim {

/// `tidegate-sim traffic URL`: sends a team's requests to a gateway until it is told to stop; then says what came of
/// them. `argv[0]` is `traffic`. Gives the exit code.
[[nodiscard]] int run_traffic(int argc, const char* const* argv);

}  // namespace tidegate::sim
