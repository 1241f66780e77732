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

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

#if defined(__SSE2__)
// Sixteen bytes a step where the processor has them (every x86-64): names and values are nearly all of a head, and the
// step costs about what one byte costs otherwise. Plain loops finish the last bytes of names, and do all of it
// elsewhere.

[[nodiscard]] inline __m128i bytes_of(char c) { return _mm_set1_epi8(c); }
[[nodiscard]] inline __m128i load16(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }

/// All ones in each byte that lies in `first` … `first + width`, without signs.
[[nodiscard]] inline __m128i in_range(__m128i bytes, char first, char width) {
  const __m128i offset = _mm_sub_epi8(bytes, bytes_of(first));
  return _mm_cmpeq_epi8(_mm_min_epu8(offset, bytes_of(width)), offset);
}

/// Bit i is set if byte i is a control character, the tab among them.
[[nodiscard]] inline unsigned controls_among(__m128i bytes) {
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, bytes_of(0x1f)), bytes);
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, bytes_of(0x7f)))));
}

/// Bit i is set if byte i is none of the characters that field names have in practice: letters, digits, `-`.
[[nodiscard]] inline unsigned unusual_among(__m128i bytes) {
  const __m128i letter = in_range(_mm_or_si128(bytes, bytes_of(0x20)), 'a', 25);
  const __m128i digit = in_range(bytes, '0', 9);
  const __m128i dash = _mm_cmpeq_epi8(bytes, bytes_of('-'));
  const __m128i usual = _mm_or_si128(_mm_or_si128(letter, digit), dash);
  return static_cast<unsigned>(_mm_movemask_epi8(usual)) ^ 0xffffU;
}

/// Bit i is set if byte i may not stand in a request target.
[[nodiscard]] inline unsigned not_target_among(__m128i bytes) {
  const __m128i visible = in_range(bytes, '!', '~' - '!');
  const __m128i target = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, bytes_of('#')), visible);
  return static_cast<unsigned>(_mm_movemask_epi8(target)) ^ 0xffffU;
}
#endif

/// The first control character (not a tab), or `end`.
[[nodiscard]] inline const char* find_control(const char* at, const char* end) {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const unsigned marks = controls_among(load16(at));
    if (marks == 0) {
      at += 16;
      continue;
    }
    at += std::countr_zero(marks);
    if (*at != '\t') return at;
    ++at;
  }
  if (at == end) return end;
  std::array<char, 16> last;  // what is left, among blanks
  last.fill(' ');
  std::memcpy(last.data(), at, static_cast<std::size_t>(end - at));
  for (unsigned marks = controls_among(load16(last.data())); marks != 0; marks &= marks - 1) {
    const char* const found = at + std::countr_zero(marks);
    if (*found != '\t') return found;
  }
  return end;
#else
  while (at != end && !is_control(*at)) ++at;
  return at;
#endif
}

/// The first character that no field name may have, or `end`.
[[nodiscard]] inline const char* find_name_end(const char* at, const char* end) {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const unsigned marks = unusual_among(load16(at));
    if (marks == 0) {
      at += 16;
      continue;
    }
    at += std::countr_zero(marks);
    if (!in(kToken, *at)) return at;
    ++at;
  }
#endif
  while (at != end && in(kToken, *at)) ++at;
  return at;
}

/// The first character that no request target may have, or `end`.
[[nodiscard]] inline const char* find_target_end(const char* at, const char* end) {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    if (const unsigned marks = not_target_among(load16(at)); marks != 0) return at + std::countr_zero(marks);
  }
#endif
  while (at != end && in(kTarget, *at)) ++at;
  return at;
}

/// Where the reading of one head stands.
struct Cursor {
  const char* begin;
  const char* at;
  const char* end;  ///< of what may be looked at: the bytes there are, or the limit
};

enum class Step : std::uint8_t { Done, NeedMore, Refused };

/// The field lines and the empty line, with `cursor.at` at the first of them; fills the fields, their tags and `size`. `known` are those of
/// the head before, read under the same limits, and then of this one.
[[nodiscard]] Step read_fields(Cursor& cursor, const HeadLimits& limits, KnownLines& known, Head& head, Rejection& rejection);

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
