// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string>
#include <string_view>

namespace tidegate::llm {

/// A header field that the gateway itself writes about a limit.
struct LimitHeader {
  std::string_view name;  ///< of static lifetime, lower case
  std::string value;

  friend bool operator==(const LimitHeader&, const LimitHeader&) = default;
};

}  // namespace tidegate::llm
