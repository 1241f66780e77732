// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/environment.h"
#include "config/files.h"
#include "config/options.h"
#include "config/problem.h"
#include "config/yaml.h"

#include <optional>
#include <vector>

namespace tidegate::config {

/// Everything a configuration is made of, handed in: the loader reads no environment and finds no file by itself.
struct Sources {
  std::optional<SourceText> yaml;         ///< `tidegate.yaml`; without it, environment and defaults alone
  Environment environment;                ///< with `.env` merged in (config/dotenv.h)
  FileReader read_file = read_disk_file;  ///< for the files that settings name
};

struct LoadResult {
  Options options;                ///< to be used only if `ok()`
  std::vector<Problem> problems;  ///< all of them, in the order of the file
  std::vector<Problem> warnings;  ///< doubtful, but it runs

  [[nodiscard]] bool ok() const { return problems.empty(); }
  /// Nothing is wrong but that no provider is named: `tidegate demo` brings its own.
  [[nodiscard]] bool lacks_only_a_provider() const;
};

/// Reads, checks, and says everything that is wrong at once. Same sources, same result.
[[nodiscard]] LoadResult load(const Sources& sources);

}  // namespace tidegate::config
