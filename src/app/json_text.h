// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Members of the admin API's answers, as text for a terminal.
namespace tidegate::app {

/// Empty if there is none.
[[nodiscard]] inline std::string text(const boost::json::value& value, std::string_view name) {
  const boost::json::value* found = value.get_object().if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

[[nodiscard]] inline std::optional<std::int64_t> number(const boost::json::value& value, std::string_view name) {
  const boost::json::value* found = value.get_object().if_contains(name);
  return found != nullptr && found->is_number() ? std::optional(found->to_number<std::int64_t>()) : std::nullopt;
}

/// `12.3M`, `950`; a dash for what is not known.
[[nodiscard]] inline std::string compact(std::optional<std::int64_t> figure) {
  if (!figure) return "-";
  const auto value = static_cast<double>(*figure);
  const double size = value < 0 ? -value : value;
  if (size >= 10'000'000) return fmt::format("{:.0f}M", value / 1e6);
  if (size >= 1'000'000) return fmt::format("{:.1f}M", value / 1e6);
  if (size >= 10'000) return fmt::format("{:.0f}k", value / 1e3);
  return fmt::format("{}", *figure);
}

/// Text from clients must not steer the terminal.
[[nodiscard]] inline std::string printable(std::string text) {
  for (char& c : text) {
    if (c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)) c = '?';
  }
  return text;
}

}  // namespace tidegate::app
