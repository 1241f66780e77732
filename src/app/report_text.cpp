// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/report_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidegate::app {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string csv_field(std::string_view text) {
  std::string safe(text);
  // A spreadsheet would run such a field as a formula.
  if (!safe.empty() && std::string_view("=+-@").find(safe[0]) != std::string_view::npos) safe.insert(0, "'");
  if (safe.find_first_of(",\"\r\n") == std::string::npos) return safe;
  std::string out = "\"";
  for (const char c : safe) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string one_line(std::string_view text, std::string_view escaped) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';
    } else {
      if (escaped.find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out.empty() ? "-" : out;
}

std::string aligned_table(const Grid& lines, std::size_t labels) {
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string out;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      out += i < labels ? fmt::format("{:<{}}  ", line[i], widths[i]) : fmt::format("{:>{}}  ", line[i], widths[i]);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

std::string markdown_table(const Grid& lines, std::size_t labels) {
  std::string out;
  for (std::size_t n = 0; n < lines.size(); ++n) {
    for (const std::string& cell : lines[n]) out += fmt::format("| {} ", cell);
    out += "|\n";
    if (n == 0) {
      for (std::size_t i = 0; i < lines[0].size(); ++i) out += i < labels ? "| --- " : "| ---: ";
      out += "|\n";
    }
  }
  return out;
}

}  // namespace tidegate::app
