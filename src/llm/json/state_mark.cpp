// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/state_mark.h"

#include "llm/json/text_scan.h"

#include <algorithm>
#include <cstring>

namespace tidegate::llm::json {

bool is_state_member(std::string_view name) {
  constexpr std::array kNames{std::string_view("signature"), std::string_view("data"), std::string_view("encrypted_content"),
                              std::string_view("fallback_credit_token")};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

void keep_state_mark(std::vector<std::uint64_t>& marks, std::uint64_t mark) {
  if (mark == 0) return;
  if (marks.size() < kMostStateMarks) {
    marks.push_back(mark);
  } else {
    marks.back() = mark;
  }
}

/// Where the string's content ends in these bytes; their size if it goes on behind them.
std::size_t StateScanner::string_end(std::string_view bytes, std::size_t at) {
  if (escaped_) {
    escaped_ = false;
    ++at;  // whatever it is, it ends nothing
  }
  const std::size_t end = find_string_end(bytes, at);
  if (end != std::string_view::npos) return end;
  std::size_t backslashes = 0;
  while (bytes.size() - backslashes > at && bytes[bytes.size() - backslashes - 1] == '\\') ++backslashes;
  escaped_ = backslashes % 2 == 1;
  return bytes.size();
}

std::size_t StateScanner::pass_string(std::string_view bytes, std::size_t at) {
  const std::size_t end = string_end(bytes, at);
  const std::size_t size = std::min(end - at, kLongestName - name_size_);
  std::memcpy(name_.data() + name_size_, bytes.data() + at, size);
  name_size_ += size;
  if (end == bytes.size()) return end;
  place_ = name_size_ < kLongestName && is_state_member({name_.data(), name_size_}) ? Place::BehindName : Place::Between;
  return end + 1;
}

std::size_t StateScanner::pass_value(std::string_view bytes, std::size_t at, std::vector<std::uint64_t>& marks) {
  const std::size_t end = string_end(bytes, at);
  mark_.add(bytes.substr(at, end - at));
  if (end == bytes.size()) return end;
  keep_state_mark(marks, mark_.value());
  place_ = Place::Between;
  return end + 1;
}

void StateScanner::feed(std::string_view bytes, std::vector<std::uint64_t>& marks) {
  for (std::size_t at = 0; at < bytes.size();) {
    const char c = bytes[at];
    const bool is_blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    switch (place_) {
      case Place::Between:
        at = find_either(bytes, at, '"', '"');
        if (at == std::string_view::npos) return;
        ++at;
        place_ = Place::InString;
        name_size_ = 0;
        break;
      case Place::InString: at = pass_string(bytes, at); break;
      case Place::BehindName:
        if (c == ':') place_ = Place::BeforeValue;
        else if (!is_blank) place_ = Place::Between;
        if (is_blank || c == ':') ++at;
        break;
      case Place::BeforeValue:
        if (c == '"') {
          place_ = Place::InValue;
          mark_ = {};
        } else if (!is_blank) {
          place_ = Place::Between;
        }
        if (is_blank || c == '"') ++at;
        break;
      case Place::InValue: at = pass_value(bytes, at, marks); break;
    }
  }
}

}  // namespace tidegate::llm::json
