// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/member_filter.h"

#include "llm/json/cursor.h"
#include "llm/json/text_scan.h"

#include <algorithm>

namespace tidegate::llm::json {

namespace {
/// Longer keys are none that anybody asks for.
constexpr std::size_t kLongestKey = 128;

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
}  // namespace

void MemberFilter::feed(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size() && place_ != Place::Done && place_ != Place::Broken;) {
    if (in_string_) {
      at = pass_string(bytes, at);
    } else if (place_ == Place::InValue) {
      at = pass_value(bytes, at);
    } else {
      step(bytes[at]);
      ++at;
    }
  }
}

/// The places between values, one character at a time.
void MemberFilter::step(char c) {
  if (is_blank(c)) return;
  switch (place_) {
    case Place::BeforeObject: place_ = c == '{' ? Place::BeforeKey : Place::Broken; return;
    case Place::BeforeKey:
      if (c == ',') return;
      if (c == '}') {
        kept_ += '}';
        place_ = Place::Done;
        return;
      }
      in_string_ = c == '"';
      place_ = in_string_ ? Place::InKey : Place::Broken;
      key_.clear();
      return;
    case Place::AfterKey:
      if (c == ':') {
        begin_value();
      } else {
        place_ = Place::Broken;
      }
      return;
    case Place::InKey:
    case Place::InValue:
    case Place::Done:
    case Place::Broken: return;
  }
}

void MemberFilter::begin_value() {
  if (key_.find('\\') != std::string::npos) key_ = unescape(key_);
  is_counted_ = !counted_.empty() && key_ == counted_;
  longest_ = 0;
  for (const Wanted& wanted : wanted_) {
    if (wanted.name == key_) longest_ = wanted.longest;
  }
  value_begin_ = kept_.size();
  value_size_ = 0;
  if (longest_ != 0) {
    if (kept_.size() > 1) kept_ += ',';
    append_quoted(kept_, key_);
    kept_ += ':';
  }
  depth_ = 0;
  place_ = Place::InValue;
}

void MemberFilter::end_value() {
  longest_ = 0;
  is_counted_ = false;
}

void MemberFilter::keep_wanted(std::string_view part) {
  value_size_ += part.size();
  if (value_size_ > longest_) {
    kept_.resize(value_begin_);
    longest_ = 0;
    return;
  }
  kept_.append(part);
}

/// Passes the rest of a string, or of the piece.
std::size_t MemberFilter::pass_string(std::string_view bytes, std::size_t from) {
  std::size_t at = from;
  while (at < bytes.size()) {
    if (escaped_) {
      escaped_ = false;
      ++at;
      continue;
    }
    at = std::min(find_either(bytes, at, '"', '\\'), bytes.size());
    if (at == bytes.size()) break;
    escaped_ = bytes[at] == '\\';
    in_string_ = escaped_;
    ++at;
    if (!in_string_) break;
  }
  const std::string_view part = bytes.substr(from, at - from);
  if (place_ == Place::InValue) {
    if (is_counted_) counted_bytes_ += static_cast<std::int64_t>(part.size());
    keep(part);
    return at;
  }
  key_.append(part.substr(0, kLongestKey - std::min(key_.size(), kLongestKey)));
  if (!in_string_) {
    place_ = Place::AfterKey;
    if (key_.ends_with('"')) key_.pop_back();
  }
  return at;
}

/// Passes a value outside its strings: up to the next string, its end, or the end of the piece.
std::size_t MemberFilter::pass_value(std::string_view bytes, std::size_t from) {
  for (std::size_t at = from; at < bytes.size(); ++at) {
    const char c = bytes[at];
    const bool ends = depth_ == 0 && (c == ',' || c == '}' || c == ']');
    if (ends) {
      keep(bytes.substr(from, at - from));
      end_value();
      place_ = c == ']' ? Place::Broken : Place::BeforeKey;
      return at;  // `step` sees the comma or the brace
    }
    if (is_counted_ && !is_blank(c)) ++counted_bytes_;
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') --depth_;
    if (c == '"') {
      keep(bytes.substr(from, at + 1 - from));
      in_string_ = true;
      return at + 1;
    }
  }
  keep(bytes.substr(from));
  return bytes.size();
}

}  // namespace tidegate::llm::json
