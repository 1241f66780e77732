// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "net/http1/head.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

// What the parsers of this folder share; nothing for outside.
namespace tidegate::net::http1::scan {

using CharSet = std::array<bool, 256>;

[[nodiscard]] constexpr CharSet char_set(std::string_view others) {
  CharSet set{};
  for (char c = '0'; c <= '9'; ++c) set[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) set[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) set[static_cast<unsigned char>(c)] = true;
  for (char c : others) set[static_cast<unsigned char>(c)] = true;
  return set;
}

/// `tchar` of RFC 9110 5.6.2.
inline constexpr CharSet kToken = char_set("!#$%&'*+-.^_`|~");
/// Of a host with port (RFC 3986), without the comma, which is how repeated fields are joined.
inline constexpr CharSet kHost = char_set("-._~!$&'()*+;=:%[]");
/// Visible ASCII without `#`: a fragment never travels, and cutting it off would change which resource is meant.
inline constexpr CharSet kTarget = char_set("!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

[[nodiscard]] inline bool in(const CharSet& set, char c) { return set[static_cast<unsigned char>(c)]; }
[[nodiscard]] inline bool is_blank(char c) { return c == ' ' || c == '\t'; }
[[nodiscard]] inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] inline bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

[[nodiscard]] inline bool all_in(const CharSet& set, std::string_view text) {
  for (char c : text) {
    if (!in(set, c)) return false;
  }
  return true;
}

[[nodiscard]] inline std::string_view view(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// The first control character (not a tab), or `end`. Eight bytes a step: values are most of a head.
[[nodiscard]] inline const char* find_control(const char* at, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t highs = 0x8080808080808080U;
    while (end - at >= 8) {
      std::uint64_t word;
      std::memcpy(&word, at, 8);
      // Below 0x20: the borrow of `byte - 0x20` reaches the high bit. 0x7f: zero after the xor. A borrow can mark bytes
      // above a true hit wrongly, never below it, and only the lowest mark is used.
      const std::uint64_t is_delete = word ^ (ones * 0x7f);
      const std::uint64_t marks = (((word - ones * 0x20) & ~word) | ((is_delete - ones) & ~is_delete)) & highs;
      if (marks == 0) {
        at += 8;
        continue;
      }
      at += std::countr_zero(marks) / 8;
      if (*at != '\t') return at;
      ++at;
    }
  }
  while (at != end && !is_control(*at)) ++at;
  return at;
}

/// Where the reading of one head stands.
struct Cursor {
  const char* begin;
  const char* at;
  const char* end;  ///< of what may be looked at: the bytes there are, or the limit
};

enum class Step : std::uint8_t { Done, NeedMore, Refused };

/// The field lines and the empty line, with `cursor.at` at the first of them; fills the fields, their tags and `size`.
[[nodiscard]] Step read_fields(Cursor& cursor, const HeadLimits& limits, Head& head, Rejection& rejection);

/// `HTTP/1.0` or `HTTP/1.1` at the cursor, which moves behind it.
[[nodiscard]] Step read_version(Cursor& cursor, Head& head, Rejection& rejection);

/// CRLF at the cursor, which moves behind it.
[[nodiscard]] Step read_line_end(Cursor& cursor, Rejection& rejection);

/// What the Connection fields of one head ask for.
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
};

/// Reads Connection, decides `keep_alive` and marks the fields it names as hop by hop; nothing if it is no list.
[[nodiscard]] std::optional<ConnectionOptions> read_connection(Head& head, Rejection& rejection);

/// Decides `chunked`; false if refused.
[[nodiscard]] bool read_transfer_encoding(Head& head, Rejection& rejection);

/// Whole decimal number below 2^63, digits only.
[[nodiscard]] std::optional<std::uint64_t> parse_length(std::string_view digits);

/// The line (counted from 1) of the first field of the class.
[[nodiscard]] int line_of(const Head& head, FieldClass field);

}  // namespace tidegate::net::http1::scan
