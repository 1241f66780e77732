// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ascii.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
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

/// A field's name begins with `literal` (small letters, digits and `-`), in any case. Eight bytes a step, the last step
/// overlapping. Bit 0x20 turns a capital into a small letter and leaves digits and `-` alone; no other character that a
/// name may have falls onto one of those by it.
template <std::size_t N>
[[nodiscard]] bool name_begins(std::string_view name, const char (&literal)[N]) {
  constexpr std::uint64_t kSmall = 0x2020202020202020U;
  constexpr std::size_t kSize = N - 1;
  const auto load = [](const char* text, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, text, size);
    return word;
  };
  if (name.size() < kSize) return false;
  if constexpr (kSize < 8) {
    constexpr std::uint64_t mask = kSmall >> (8 * (8 - kSize));
    return (load(name.data(), kSize) | mask) == load(literal, kSize);
  } else {
    for (std::size_t at = 0; at + 8 < kSize; at += 8) {
      if ((load(name.data() + at, 8) | kSmall) != load(literal + at, 8)) return false;
    }
    return (load(name.data() + kSize - 8, 8) | kSmall) == load(literal + kSize - 8, 8);
  }
}

/// A field's name is `literal`, likewise.
template <std::size_t N>
[[nodiscard]] bool name_is(std::string_view name, const char (&literal)[N]) {
  return name.size() == N - 1 && name_begins(name, literal);
}

/// Takes `literal` off the front of a field's name, likewise.
template <std::size_t N>
[[nodiscard]] bool take_name_prefix(std::string_view& name, const char (&literal)[N]) {
  if (!name_begins(name, literal)) return false;
  name.remove_prefix(N - 1);
  return true;
}

/// The first field of that name (any case), or nothing.
[[nodiscard]] inline std::optional<std::string_view> find_header(HeaderFields fields, std::string_view name) {
  for (const HeaderField& field : fields) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

}  // namespace tidegate
