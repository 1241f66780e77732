// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <string_view>

namespace tidegate::llm::json {

/// Tells when an object that comes in pieces is complete: its brackets are all closed.
class Completeness {
 public:
  void feed(std::string_view piece) {
    for (const char c : piece) take(c);
  }
  [[nodiscard]] bool is_complete() const { return begun_ && depth_ == 0; }

 private:
  void take(char c) {
    if (in_string_) {
      if (after_backslash_) {
        after_backslash_ = false;
      } else if (c == '\\') {
        after_backslash_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      begun_ = true;
      ++depth_;
    } else if (c == '}' || c == ']') {
      --depth_;
    }
  }

  std::int64_t depth_ = 0;
  bool begun_ = false;
  bool in_string_ = false;
  bool after_backslash_ = false;
};

}  // namespace tidegate::llm::json
