// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/dotenv.h"

#include "base/ascii.h"

#include <optional>

namespace tidegate::config {

namespace {

/// What follows a value: blanks, or blanks and a comment.
bool is_rest_of_line(std::string_view rest) {
  return trim(rest).empty() || (rest.front() == ' ' && trim(rest).front() == '#');
}

std::optional<std::string> single_quoted(std::string_view text) {
  const std::size_t end = text.find('\'', 1);
  if (end == std::string_view::npos || !is_rest_of_line(text.substr(end + 1))) return std::nullopt;
  return std::string(text.substr(1, end - 1));
}

std::optional<std::string> double_quoted(std::string_view text) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return is_rest_of_line(text.substr(i + 1)) ? std::optional(value) : std::nullopt;
    if (text[i] != '\\' || i + 1 == text.size()) {
      value += text[i];
      continue;
    }
    const char escaped = text[++i];
    switch (escaped) {
      case 'n': value += '\n'; break;
      case 't': value += '\t'; break;
      case '"':
      case '\\':
      case '$':
      case '`': value += escaped; break;
      default: value += '\\'; value += escaped;
    }
  }
  return std::nullopt;
}

std::string bare(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '#' && (text[i - 1] == ' ' || text[i - 1] == '\t')) return std::string(trim(text.substr(0, i)));
  }
  return std::string(text.starts_with('#') ? std::string_view() : trim(text));
}

std::optional<std::string> value_of(std::string_view text) {
  if (text.starts_with('\'')) return single_quoted(text);
  if (text.starts_with('"')) return double_quoted(text);
  return bare(text);
}

}  // namespace

Environment parse_dotenv(const SourceText& source, std::vector<Problem>& problems) {
  Environment environment;
  std::string_view rest = source.text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);  // the byte order mark that some editors write
  for (int line = 1; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view text = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.empty() || text.front() == '#') continue;
    if (text.starts_with("export ")) text = trim(text.substr(7));
    const std::size_t equals = std::min(text.find('='), text.size());
    const std::string_view name = trim(text.substr(0, equals));
    std::optional<std::string> value;
    if (equals < text.size() && is_variable_name(name)) value = value_of(trim(text.substr(equals + 1)));
    if (value) {
      environment[std::string(name)] = *value;
    } else {
      problems.push_back({.file = source.name,
                          .line = line,
                          .column = 1,
                          .message = "expected NAME=value, with the value's quotes closed"});
    }
  }
  return environment;
}

Environment merge(Environment real, const Environment& from_file) {
  for (const auto& [name, value] : from_file) {
    std::string& slot = real[name];
    if (slot.empty()) slot = value;
  }
  return real;
}

}  // namespace tidegate::config
