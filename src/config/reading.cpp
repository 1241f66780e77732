// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/reading.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidegate::config {

Reading::Reading(std::string file, const Environment& environment, const FileReader& read_file,
                 std::vector<Problem>& problems, std::vector<Problem>& warnings)
    : file_(std::move(file)),
      environment_(environment),
      read_file_(read_file),
      problems_(problems),
      warnings_(warnings) {}

Reading::Step::Step(Reading& reading, std::string_view step, const Node& value)
    : reading_(reading), length_before_(reading.path_.size()) {
  if (!reading.path_.empty() && !step.starts_with('[')) reading.path_ += '.';
  reading.path_ += step;
  reading.places_.emplace(reading.path_, value.position);
}

Problem Reading::at(Position position, std::string_view path, std::string_view message) const {
  return {.file = file_,
          .line = position.line,
          .column = position.column,
          .message = path.empty() ? std::string(message) : fmt::format("{}: {}", path, message)};
}

Position Reading::place_of(std::string_view path) const {
  for (;;) {
    if (const auto found = places_.find(path); found != places_.end()) return found->second;
    const std::size_t end = path.find_last_of(".[");
    if (end == std::string_view::npos || end == 0) return {};
    path = path.substr(0, end);
  }
}

void Reading::refuse(const Node& node, std::string_view message) {
  problems_.push_back(at(node.position, path_, message));
}
void Reading::warn(const Node& node, std::string_view message) {
  warnings_.push_back(at(node.position, path_, message));
}
void Reading::refuse_at(std::string_view path, std::string_view message) {
  problems_.push_back(at(place_of(path), path, message));
}
void Reading::warn_at(std::string_view path, std::string_view message) {
  warnings_.push_back(at(place_of(path), path, message));
}

Result<FileText> Reading::try_file(const std::string& path) const {
  Result<FileText> file = read_file_(path);
  if (file || !may_be_secret(path)) return file;
  return fail(file.error().kind, Origin::Operator,
              "cannot read a file of this name (not shown, because it may hold a secret); write the path of a file");
}

std::optional<FileText> Reading::read_file(const Node& node, const std::string& path) {
  Result<FileText> file = try_file(path);
  if (file) return std::move(*file);
  refuse(node, file.error().detail);
  return std::nullopt;
}

Reading Reading::of_other_file(std::string file) const {
  return {std::move(file), environment_, read_file_, problems_, warnings_};
}

bool may_be_secret(std::string_view text) {
  for (const std::string_view prefix : {"sk-", "sk_", "tg_", "xox", "ghp_", "bearer ", "eyj", "-----begin"}) {
    if (starts_with_ignoring_case(text, prefix)) return true;
  }
  if (text.find("://") != std::string_view::npos) return text.find_first_of("@?") != std::string_view::npos;
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '+' || c == '=';
  };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() >= 24 && std::all_of(text.begin(), text.end(), is_word) &&
         std::any_of(text.begin(), text.end(), is_digit);
}

std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  if (may_be_secret(text)) return "this value (not shown, because it may hold a secret)";
  std::string out = "'";
  for (const char c : text.substr(0, kLongest)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  // A character of several bytes is not cut in two.
  while (text.size() > kLongest && out.size() > 1 && (static_cast<unsigned char>(out.back()) & 0x80U) != 0)
    out.pop_back();
  return out + (text.size() > kLongest ? "…'" : "'");
}

}  // namespace tidegate::config
