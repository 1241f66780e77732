// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/options.h"
#include "config/setting.h"

#include <string>
#include <vector>

namespace tidegate::config {

/// One setting that a reload would change, for people: secrets are `***`, a list item is named where it has a name
/// (`providers[anthropic].deadlines.connect`).
struct Change {
  std::string path;
  std::string before;  ///< empty: was not set
  std::string after;   ///< empty: is not set any more
  Takes takes = Takes::Reload;

  friend bool operator==(const Change&, const Change&) = default;
};

/// What differs, in the order of the reference; empty exactly if the options are equal.
[[nodiscard]] std::vector<Change> difference(const Options& before, const Options& after);

/// The options that a running program can take: `after`, but with the old value of everything that takes a restart.
[[nodiscard]] Options without_restart(const Options& before, Options after);

/// `limits.max_body: 32MiB → 64MiB`, with ` (after a restart)` where it takes one.
[[nodiscard]] std::string to_text(const Change& change);

}  // namespace tidegate::config
