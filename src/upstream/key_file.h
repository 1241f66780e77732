// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "upstream/key_source.h"

#include <filesystem>
#include <string>
#include <utility>

namespace tidegate::upstream {

/// Keys in a file, one a line, or in the files of a directory. Blank lines and lines that start with `#` do not count, nor
/// do names that start with a dot; a directory's own directories are not entered.
class KeyFile final : public KeySource {
 public:
  explicit KeyFile(std::string path) : path_(std::move(path)) {}
  /// Failure: NotFound, Denied, Io, TooLarge (more than 1 MiB in all).
  [[nodiscard]] Result<KeyReading> read() override;

 private:
  const std::filesystem::path path_;
};

}  // namespace tidegate::upstream
