// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/validity.h"

#include <vector>

namespace tidegate::llm::json {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Means itself inside a string.
bool is_plain(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }

/// value = object / array / string / number / true / false / null       (RFC 8259, read 2026-11-26)
class Judge {
 public:
  explicit Judge(std::string_view text) : text_(text), at_(text.starts_with("\xEF\xBB\xBF") ? 3 : 0) {}

  /// Walks without recursion: `open_` holds the brackets that are not closed yet.
  bool one_value() {
    if (!value()) return false;
    while (!open_.empty()) {
      blanks();
      if (take(open_.back() == '{' ? '}' : ']')) {
        open_.pop_back();
      } else if (!take(',') || !member_or_element()) {
        return false;
      }
    }
    blanks();
    return at_ == text_.size();
  }

 private:
  /// A scalar, an empty container, or the beginning of a container up to and with its first value.
  bool value() {
    while (true) {
      blanks();
      if (at_ >= text_.size()) return false;
      const char first = text_[at_];
      if (first != '{' && first != '[') return scalar(first);
      ++at_;
      blanks();
      if (take(first == '{' ? '}' : ']')) return true;
      if (open_.size() == kDeepest) return false;
      open_.push_back(first);
      if (first == '{' && !key()) return false;
    }
  }
  bool member_or_element() { return (open_.back() != '{' || key()) && value(); }
  bool key() {
    blanks();
    if (!take('"') || !rest_of_string()) return false;
    blanks();
    return take(':');
  }
  bool scalar(char first) {
    switch (first) {
      case '"': ++at_; return rest_of_string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }
  bool rest_of_string() {
    while (true) {
      while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
      if (at_ >= text_.size()) return false;
      const char c = text_[at_++];
      if (c == '"') return true;
      if (c != '\\' || !escape()) return false;
    }
  }
  bool escape() {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    for (int i = 0; i < 4; ++i) {
      if (at_ >= text_.size() || !is_hex_digit(text_[at_++])) return false;
    }
    return true;
  }
  bool word(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }
  bool digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > begin;
  }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  bool take(char expected) {
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_;
  std::vector<char> open_;
};

}  // namespace

bool is_valid(std::string_view text) { return Judge(text).one_value(); }

std::string compact(std::string_view value) {
  constexpr std::size_t kLongest = 64;
  if (value.size() > kLongest) return std::string(value);
  std::string result;
  bool in_string = false;  // an escaped quote does not matter: what holds one is no value anybody looks for
  for (const char c : value) {
    if (c == '"') in_string = !in_string;
    const bool is_blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (in_string || !is_blank) result += c;
  }
  return result;
}

bool is_valid_object(std::string_view text) { return Cursor(text).peek() == Kind::Object && is_valid(text); }

}  // namespace tidegate::llm::json
