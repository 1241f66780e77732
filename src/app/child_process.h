// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::app {

/// A program that we started and that ends with us: by SIGTERM when this is destroyed, and by the kernel if we are
/// killed. To be started and destroyed by the main thread.
class ChildProcess {
 public:
  /// Starts `program` with standard input closed; what it prints to standard output can be read with `read_line`.
  /// Failure: Io.
  [[nodiscard]] static Result<ChildProcess> start(const std::filesystem::path& program,
                                                  const std::vector<std::string>& arguments);
  ChildProcess(ChildProcess&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)), output_(std::exchange(other.output_, -1)), read_(std::move(other.read_)), end_(std::move(other.end_)) {}
  ChildProcess& operator=(ChildProcess&&) = delete;
  /// Ends the program and waits for it; one that does not end within 5 s is killed.
  ~ChildProcess();

  /// The next line of its output, without the line end. Failure: Timeout; Closed if it ended before.
  [[nodiscard]] Result<std::string> read_line(Nanoseconds timeout);
  /// How it ended by itself: "exit code 1", "signal 9 (Killed)"; nothing while it runs.
  [[nodiscard]] std::optional<std::string> how_it_ended();
  /// 0 once it is known to have ended.
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  ChildProcess(pid_t pid, int output) : pid_(pid), output_(output) {}

  pid_t pid_ = 0;
  int output_ = -1;
  std::string read_;  ///< of its output, and not given out yet
  std::size_t given_ = 0;  ///< of `read_`
  std::optional<std::string> end_;
};

/// Where `name` is: beside this program, in `../../sim` (a build directory), or on the search path. Failure: NotFound,
/// with the places.
[[nodiscard]] Result<std::filesystem::path> find_program(const std::string& name, std::string_view search_path);

}  // namespace tidegate::app
