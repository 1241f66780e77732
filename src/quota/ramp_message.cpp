// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/ramp_message.h"

namespace tidegate::quota {
namespace {

/// The number after `words`, thousands apart by commas.
std::optional<double> number_after(std::string_view text, std::string_view words) {
  const std::size_t found = text.find(words);
  if (found == std::string_view::npos) return std::nullopt;
  double number = 0;
  int digits = 0;
  for (const char c : text.substr(found + words.size())) {
    if (c == ',' && digits > 0) continue;
    if (c < '0' || c > '9') break;
    if (++digits > 15) return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return digits > 0 ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<RampFigures> parse_ramp_message(std::string_view message) {
  const auto now = number_after(message, "current limit is ");
  const auto next = number_after(message, "will increase to ");
  if (!now || !next || *now <= 0 || *next <= 0) return std::nullopt;
  return RampFigures{*now, *next};
}

std::optional<Dimension> parse_refused_dimension(std::string_view message) {
  const std::size_t end = message.find(" per minute");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view named = message.substr(0, end);
  if (named.ends_with(" input tokens")) return Dimension::Input;
  if (named.ends_with(" output tokens")) return Dimension::Output;
  if (named.ends_with(" tokens")) return Dimension::Tokens;
  if (named.ends_with(" requests")) return Dimension::Requests;
  return std::nullopt;
}

}  // namespace tidegate::quota
