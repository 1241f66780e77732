// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/object_id.h"

#include "llm/json/cursor.h"

namespace tidegate::llm::json {

std::string read_object_id(std::string_view json) {
  constexpr std::size_t kLongestId = 256;
  std::string id;
  Cursor cursor(json);
  cursor.object([&](std::string_view key) {
    if (key == "id") id = cursor.text(kLongestId);
  });
  return id;
}

}  // namespace tidegate::llm::json
