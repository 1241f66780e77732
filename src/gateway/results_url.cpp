// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/results_url.h"

namespace tidegate::gateway {

std::string rewrite_results_urls(std::string_view json, std::string_view origin) {
  constexpr std::string_view key = "\"results_url\"";
  constexpr std::string_view blanks = " \t\r\n";
  std::string out;
  std::size_t copied = 0;
  if (origin.empty()) return std::string(json);
  for (std::size_t at = json.find(key); at != std::string_view::npos; at = json.find(key, at + 1)) {
    // Inside a JSON string the key's quotes would be escaped, so a match whose quote is not escaped is a key (or a value of that
    // very text, which no colon follows).
    if (at > 0 && json[at - 1] == '\\') continue;
    std::size_t value = json.find_first_not_of(blanks, at + key.size());
    if (value == std::string_view::npos || json[value] != ':') continue;
    value = json.find_first_not_of(blanks, value + 1);
    if (value == std::string_view::npos || json[value] != '"') continue;  // null: not ended yet
    ++value;
    const std::size_t end = json.find('"', value);
    const std::size_t authority = json.find("://", value);
    if (end == std::string_view::npos || authority == std::string_view::npos || authority > end) continue;
    std::size_t path = json.find('/', authority + 3);
    if (path == std::string_view::npos || path > end) path = end;
    out.append(json.substr(copied, value - copied)).append(origin);
    copied = path;
  }
  out.append(json.substr(copied));
  return out;
}

}  // namespace tidegate::gateway
