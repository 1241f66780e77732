// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ascii.h"

#include <optional>
#include <span>
#include <string_view>

namespace tidegate {

/// One header field of an HTTP message as it stood on the wire. Views into the message's buffer.
struct HeaderField {
  std::string_view name;   ///< case as received
  std::string_view value;  ///< without the blanks around it

  friend bool operator==(const HeaderField&, const HeaderField&) = default;
};

/// The header fields of one message in the order received. Views: valid as long as the message's buffer.
using HeaderFields = std::span<const HeaderField>;

/// The first field of that name (any case), or nothing.
[[nodiscard]] inline std::optional<std::string_view> find_header(HeaderFields fields, std::string_view name) {
  for (const HeaderField& field : fields) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

}  // namespace tidegate
