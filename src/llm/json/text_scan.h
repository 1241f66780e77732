// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// The two inner loops that see every byte which passes: the end of a JSON string and the end of a line. Sixteen bytes
// at a time where the processor has SSE2 (every x86-64), one at a time elsewhere. Neither reads outside the text it is
// given.
namespace tidegate::llm::json {

namespace scan {
inline constexpr std::size_t kBlock = 16;

#if defined(__SSE2__)
/// Bit i is set where byte i of the sixteen at `at` equals `a` or `b`.
[[nodiscard]] inline unsigned matches(const char* at, char a, char b) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8(a)), _mm_cmpeq_epi8(block, _mm_set1_epi8(b)));
  return static_cast<unsigned>(_mm_movemask_epi8(hits));
}
/// Whether any of the 64 bytes at `at` equals `a` or `b`.
[[nodiscard]] inline bool any_of_four(const char* at, char a, char b) {
  const __m128i first = _mm_set1_epi8(a);
  const __m128i second = _mm_set1_epi8(b);
  __m128i hits = _mm_setzero_si128();
  for (std::size_t i = 0; i < 4; ++i) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i * kBlock));
    hits = _mm_or_si128(hits, _mm_or_si128(_mm_cmpeq_epi8(block, first), _mm_cmpeq_epi8(block, second)));
  }
  return _mm_movemask_epi8(hits) != 0;
}
#else
[[nodiscard]] inline unsigned matches(const char* at, char a, char b) {
  unsigned mask = 0;
  for (unsigned i = 0; i < kBlock; ++i) mask |= static_cast<unsigned>(at[i] == a || at[i] == b) << i;
  return mask;
}
[[nodiscard]] inline bool any_of_four(const char* at, char a, char b) {
  return (matches(at, a, b) | matches(at + kBlock, a, b) | matches(at + 2 * kBlock, a, b) |
          matches(at + 3 * kBlock, a, b)) != 0;
}
#endif

struct Matches {
  unsigned mask;     ///< bit i is set where byte `at` + i is one of the two
  std::size_t next;  ///< behind the bytes that were looked at
};

/// The next block of `text` from `at`, which lies in it. The last bytes of a text that has a block at all are looked at
/// as the end of its last block.
[[nodiscard]] inline Matches matches_from(std::string_view text, std::size_t at, char a, char b) {
  if (at + kBlock <= text.size()) return {matches(text.data() + at, a, b), at + kBlock};
  if (text.size() >= kBlock) {
    const std::size_t block = text.size() - kBlock;
    return {matches(text.data() + block, a, b) >> (at - block), text.size()};
  }
  unsigned mask = 0;
  for (std::size_t i = at; i < text.size(); ++i)
    mask |= static_cast<unsigned>(text[i] == a || text[i] == b) << (i - at);
  return {mask, text.size()};
}
}  // namespace scan

/// How many bytes at the beginning of `text` are ASCII.
[[nodiscard]] inline std::size_t ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080ULL) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

/// ASCII without a backslash: the content of a JSON string that is the text which it means.
[[nodiscard]] inline bool is_plain(std::string_view text) {
  constexpr std::uint64_t kEach = 0x0101010101010101ULL;
  // Bit 7 of a byte of `other - kEach` tells a zero, that is a backslash, if no byte is ASCII's other half.
  const auto is_plain_word = [](std::uint64_t word) {
    const std::uint64_t other = word ^ (kEach * '\\');
    return ((((other - kEach) & ~other) | word) & (kEach * 0x80)) == 0;
  };
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    if (!is_plain_word(word)) return false;
  }
  for (; at < text.size(); ++at) {
    if (text[at] == '\\' || static_cast<unsigned char>(text[at]) >= 0x80) return false;
  }
  return true;
}

namespace scan {
/// As `find_string_end`, of any string.
[[nodiscard]] inline std::size_t find_end_of_any_string(std::string_view text, std::size_t from) {
  std::size_t at = from;
  while (at < text.size()) {
    auto [mask, next] = scan::matches_from(text, at, '"', '\\');
    while (mask != 0) {
      const std::size_t found = at + static_cast<unsigned>(__builtin_ctz(mask));
      if (text[found] == '"') return found;
      if (found + 1 == next) ++next;  // the escaped character is the first of the next block
      mask &= ~(3U << (found - at));
    }
    at = next;
    // Most texts end in their first block; what bodies are made of are long ones: four blocks a step while there is
    // nothing to see.
    while (at + 4 * scan::kBlock <= text.size() && !scan::any_of_four(text.data() + at, '"', '\\')) {
      at += 4 * scan::kBlock;
    }
  }
  return std::string_view::npos;
}
}  // namespace scan

/// The offset of the quote that ends the JSON string whose content begins at `from`, or `npos`. Escapes are stepped
/// over.
[[nodiscard]] inline std::size_t find_string_end(std::string_view text, std::size_t from) {
  // Most are short and plain: one look.
  if (from + scan::kBlock <= text.size()) {
    const unsigned mask = scan::matches(text.data() + from, '"', '\\');
    if (mask != 0) {
      const std::size_t found = from + static_cast<unsigned>(__builtin_ctz(mask));
      if (text[found] == '"') return found;
    }
  }
  return scan::find_end_of_any_string(text, from);
}

/// The offset of the first `a` or `b` at or after `from`, or `npos`.
[[nodiscard]] inline std::size_t find_either(std::string_view text, std::size_t from, char a, char b) {
  for (std::size_t at = from; at < text.size();) {
    const auto [mask, next] = scan::matches_from(text, at, a, b);
    if (mask != 0) return at + static_cast<unsigned>(__builtin_ctz(mask));
    at = next;
    while (at + 4 * scan::kBlock <= text.size() && !scan::any_of_four(text.data() + at, a, b)) at += 4 * scan::kBlock;
  }
  return std::string_view::npos;
}

/// The offset of the first CR or LF at or after `from`, or `npos`.
[[nodiscard]] inline std::size_t find_line_end(std::string_view text, std::size_t from) {
  return find_either(text, from, '\n', '\r');
}

}  // namespace tidegate::llm::json
