// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/tools.h"

#include "llm/json/cursor.h"

namespace tidegate::llm::json {

std::vector<std::string> tool_names(std::string_view tools) {
  constexpr std::size_t kLongestName = 256;
  std::vector<std::string> names;
  Cursor cursor(tools);
  cursor.array([&] {
    cursor.object([&](std::string_view key) {
      if (key == "name") {
        names.push_back(cursor.text(kLongestName));
      } else if (key == "function") {
        cursor.object([&](std::string_view inner) {
          if (inner == "name") names.push_back(cursor.text(kLongestName));
        });
      }
    });
  });
  return names;
}

}  // namespace tidegate::llm::json
