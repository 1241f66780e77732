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
#else
[[nodiscard]] inline unsigned matches(const char* at, char a, char b) {
  unsigned mask = 0;
  for (unsigned i = 0; i < kBlock; ++i) mask |= static_cast<unsigned>(at[i] == a || at[i] == b) << i;
  return mask;
}
#endif
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

/// The offset of the quote that ends the JSON string whose content begins at `from`, or `npos`. Escapes are stepped
/// over.
[[nodiscard]] inline std::size_t find_string_end(std::string_view text, std::size_t from) {
  std::size_t at = from;
  while (at + scan::kBlock <= text.size()) {
    unsigned mask = scan::matches(text.data() + at, '"', '\\');
    std::size_t next = at + scan::kBlock;
    while (mask != 0) {
      const unsigned i = static_cast<unsigned>(__builtin_ctz(mask));
      if (text[at + i] == '"') return at + i;
      if (i == scan::kBlock - 1) ++next;  // the escaped character is the first of the next block
      mask &= ~(3U << i);
    }
    at = next;
  }
  for (; at < text.size(); ++at) {
    if (text[at] == '"') return at;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

/// The offset of the first `a` or `b` at or after `from`, or `npos`.
[[nodiscard]] inline std::size_t find_either(std::string_view text, std::size_t from, char a, char b) {
  std::size_t at = from;
  for (; at + scan::kBlock <= text.size(); at += scan::kBlock) {
    if (const unsigned mask = scan::matches(text.data() + at, a, b); mask != 0) {
      return at + static_cast<unsigned>(__builtin_ctz(mask));
    }
  }
  for (; at < text.size(); ++at) {
    if (text[at] == a || text[at] == b) return at;
  }
  return std::string_view::npos;
}

/// The offset of the first CR or LF at or after `from`, or `npos`.
[[nodiscard]] inline std::size_t find_line_end(std::string_view text, std::size_t from) {
  return find_either(text, from, '\n', '\r');
}

/// How many bytes a JSON text has without the blanks between its values.
[[nodiscard]] inline std::int64_t compact_size(std::string_view text) {
  std::size_t blanks = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      at = find_string_end(text, at + 1);
      if (at == std::string_view::npos) break;
    } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      ++blanks;
    }
  }
  return static_cast<std::int64_t>(text.size() - blanks);
}

}  // namespace tidegate::llm::json
