// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <atomic>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::delivery {

/// A program, without a shell in between.
struct Program {
  std::vector<std::string> arguments;  ///< the first is the program: a path, or a name in /usr/local/bin, /usr/bin, /bin or the sbin ones
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< besides PATH all that it gets: no key of ours
  std::string input = {};
  Nanoseconds timeout = Seconds(30);
};

/// Runs it to its end; blocks. It is ended (SIGTERM, then SIGKILL, with all it has started) at the time limit or when `stop` is set.
/// Gives the end of what it printed. Failure: NotFound, Io, Timeout, Cancelled, Protocol (another exit code than 0), with the end of
/// what it printed.
[[nodiscard]] Result<std::string> run(const Program& program, const std::atomic<bool>& stop);

}  // namespace tidegate::delivery
