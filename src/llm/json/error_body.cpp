// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/error_body.h"

#include "base/ascii.h"

#include <algorithm>

namespace tidegate::llm::json {

namespace {
constexpr std::size_t kLongestWord = 256;
constexpr std::size_t kLongestMessage = 2000;

/// A code may be a text or a number.
std::string read_word(Cursor& cursor) {
  if (cursor.peek() == Kind::Number) {
    const auto number = cursor.integer();
    return number ? std::to_string(*number) : std::string{};
  }
  return cursor.text(kLongestWord);
}

void read_details(Cursor& cursor, ErrorBody& error) {
  cursor.object([&](std::string_view key) {
    if (key == "error_code") error.code = read_word(cursor);
  });
}

bool is_message_key(std::string_view key) {
  return key == "message" || key == "msg" || key == "err" || key == "error_msg";
}
}  // namespace

void read_error_value(Cursor& cursor, ErrorBody& error) {
  if (cursor.peek() == Kind::String) {
    error.message = cursor.text(kLongestMessage);
    return;
  }
  cursor.object([&](std::string_view key) {
    if (key == "type") {
      error.type = read_word(cursor);
    } else if (key == "message") {
      error.message = cursor.text(kLongestMessage);
    } else if (key == "code") {
      if (error.code.empty()) error.code = read_word(cursor);
    } else if (key == "details") {
      read_details(cursor, error);
    }
  });
}

ErrorBody read_error_body(std::string_view body) {
  ErrorBody error;
  ErrorBody outer;
  Cursor cursor(body);
  cursor.object([&](std::string_view key) {
    if (key == "error") {
      read_error_value(cursor, error);
    } else if (key == "response") {
      cursor.object([&](std::string_view inner) {
        if (inner == "error") read_error_value(cursor, error);
      });
    } else if (is_message_key(key)) {
      outer.message = cursor.text(kLongestMessage);
    } else if (key == "code") {
      outer.code = read_word(cursor);
    }
  });
  if (error.message.empty()) error.message = outer.message;
  if (error.code.empty()) error.code = outer.code;
  return error;
}

bool mentions(std::string_view text, std::string_view words) {
  const auto same = [](char a, char b) { return to_lower(a) == to_lower(b); };
  return std::search(text.begin(), text.end(), words.begin(), words.end(), same) != text.end();
}

}  // namespace tidegate::llm::json
