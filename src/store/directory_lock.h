// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <filesystem>
#include <optional>

namespace tidegate::store {

/// Keeps a second process off a data directory while this object lives; the system lifts it if the process dies.
class DirectoryLock {
 public:
  /// Locks `directory`/lock and writes the process id into it. Failure: Denied with the holder's process id; Io.
  [[nodiscard]] static Result<DirectoryLock> take(const std::filesystem::path& directory);
  /// Whether a process holds the lock now.
  [[nodiscard]] static bool is_held(const std::filesystem::path& directory);

  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  int file_;
};

}  // namespace tidegate::store
