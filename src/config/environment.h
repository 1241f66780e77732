// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace tidegate::config {

/// Environment variables as a value: the application reads the real ones once and hands them in.
using Environment = std::map<std::string, std::string, std::less<>>;

/// The variable's text; empty if it is not set (an empty variable counts as not set).
[[nodiscard]] inline std::string variable(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

/// `[A-Za-z_][A-Za-z0-9_]*`
[[nodiscard]] constexpr bool is_variable_name(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  for (const char c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!good) return false;
  }
  return true;
}

}  // namespace tidegate::config
