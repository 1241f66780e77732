// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidegate {

/// A whole decimal number that fills the text, without sign `+`, blanks or overflow; otherwise nothing.
template <typename Integer = std::int64_t>
[[nodiscard]] std::optional<Integer> parse_integer(std::string_view text) {
  Integer value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end || text.empty()) return std::nullopt;
  return value;
}

/// A finite decimal number (`0.5`, `12`, `1e3`) that fills the text; otherwise nothing.
[[nodiscard]] inline std::optional<double> parse_decimal(std::string_view text) {
  double value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end || text.empty()) return std::nullopt;
  if (!(value > -1e300 && value < 1e300)) return std::nullopt;  // also refuses "nan" and "inf"
  return value;
}

}  // namespace tidegate
