// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/path_spelling.h"

#include "base/ascii.h"

#include <optional>
#include <vector>

namespace tidegate::llm {

namespace {

std::optional<char> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<char>(c - '0');
  c = to_lower(c);
  if (c >= 'a' && c <= 'f') return static_cast<char>(c - 'a' + 10);
  return std::nullopt;
}

/// Decoded, in lower case, with `/` for `\`.
std::string decode(std::string_view path) {
  std::string decoded;
  decoded.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%' && i + 2 < path.size()) {
      const auto high = hex_digit(path[i + 1]);
      const auto low = hex_digit(path[i + 2]);
      if (high && low) {
        c = static_cast<char>(*high * 16 + *low);
        i += 2;
      }
    }
    decoded.push_back(c == '\\' ? '/' : to_lower(c));
  }
  return decoded;
}

}  // namespace

bool is_plain_path(std::string_view path) {
  char before = '\0';
  for (const char c : path) {
    if (c == '%' || c == ';' || c == '\\' || c == '#') return false;
    if (before == '/' && (c == '/' || c == '.')) return false;
    before = c;
  }
  return true;
}

std::string plain_path(std::string_view path) {
  const std::string decoded = decode(path.substr(0, path.find('#')));
  std::vector<std::string_view> segments;
  for (std::string_view rest = decoded; !rest.empty();) {
    const std::size_t end = rest.find('/');
    std::string_view segment = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    segment = segment.substr(0, segment.find(';'));
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string plain;
  for (const std::string_view segment : segments) plain.append("/").append(segment);
  return plain;
}

}  // namespace tidegate::llm
