// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/node.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::config {

/// A named text, whatever it was read from.
struct SourceText {
  std::string name;  ///< `tidegate.yaml`, as shown in problems
  std::string text;
};

inline constexpr std::size_t kMaxYamlBytes = 1024 * 1024;
inline constexpr std::size_t kMaxYamlDepth = 32;
inline constexpr std::size_t kMaxYamlNodes = 50'000;  ///< aliases counted as what they expand to

/// One YAML document as nodes; an empty text is a null node. On broken YAML: nothing, and a problem with its line and
/// column. Duplicate keys are problems too. Refused: more than one document, tags, keys that are not scalars, texts,
/// nesting and alias expansions past the limits above, so that no file can exhaust stack or memory.
[[nodiscard]] std::optional<Node> parse_yaml(const SourceText& source, std::vector<Problem>& problems);

}  // namespace tidegate::config
