// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <string>

namespace tidegate::config {

/// When a changed setting takes effect.
enum class Takes : std::uint8_t {
  Reload,   ///< with the next reload, without dropping a connection
  Restart,  ///< only with the next start
};

/// One line of the reference: a setting as people see it.
struct Setting {
  std::string path;   ///< `providers[].deadlines.connect`; `[]` stands for each item, `<name>` for a key of one's own
  std::string type;   ///< `duration`, `size`, `address` …
  std::string range;  ///< `1s to 1h`, `open, virtual or passthrough`; empty = any
  std::string fallback;  ///< what counts when it is not given; empty = nothing
  std::string about;     ///< what it does and what happens
  Takes takes = Takes::Reload;
  bool is_group = false;  ///< a map or list of further settings
  bool is_required = false;

  friend bool operator==(const Setting&, const Setting&) = default;
};

}  // namespace tidegate::config
