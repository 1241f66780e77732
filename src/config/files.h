// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <cstddef>
#include <functional>
#include <string>

namespace tidegate::config {

struct FileText {
  std::string text;
  unsigned permissions = 0;  ///< the nine bits `rwxrwxrwx`
};

/// How the loader reads the files that settings name. Failure: NotFound, Denied, TooLarge, Io.
using FileReader = std::function<Result<FileText>(const std::string& path)>;

inline constexpr std::size_t kMaxFileBytes = 1024 * 1024;

/// Reads a regular file (or a pipe) of at most `kMaxFileBytes`, relative to the working directory.
[[nodiscard]] Result<FileText> read_disk_file(const std::string& path);

/// Whether anybody but the owner may read or write the file.
[[nodiscard]] constexpr bool is_open_to_others(unsigned permissions) { return (permissions & 077U) != 0; }

}  // namespace tidegate::config
