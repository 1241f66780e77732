// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tidegate::llm::json {

/// Names an opaque text that a provider made and wants back as it was: a thinking signature, encrypted reasoning, a fallback credit. A
/// hash (FNV-1a of 64 bits: the same in every process and version), so that such a text is recognised without being kept.
class StateMark {
 public:
  /// The content of a JSON string, or its next part, escapes as written. A slash counts the same with its backslash and without: the
  /// provider and the client may write it differently.
  void add(std::string_view raw) {
    for (const char c : raw) {
      if (escaped_ && c != '/') mix('\\');
      escaped_ = c == '\\' && !escaped_;
      if (!escaped_) mix(c);
    }
    is_empty_ = is_empty_ && raw.empty();
  }
  /// 0 of an empty text.
  [[nodiscard]] std::uint64_t value() const { return is_empty_ ? 0 : hash_; }

 private:
  void mix(char c) { hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL; }

  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
  bool escaped_ = false;
  bool is_empty_ = true;
};

/// Of a whole string.
[[nodiscard]] inline std::uint64_t state_mark(std::string_view raw) {
  StateMark mark;
  mark.add(raw);
  return mark.value();
}

/// The members whose texts have marks, wherever in an answer they stand: `signature` (thinking), `data` (redacted thinking),
/// `encrypted_content` (reasoning), `fallback_credit_token`.
[[nodiscard]] bool is_state_member(std::string_view name);

/// The marks of an answer are kept up to this many; a further one takes the place of the last, which is asked for first.
inline constexpr std::size_t kMostStateMarks = 64;
void keep_state_mark(std::vector<std::uint64_t>& marks, std::uint64_t mark);

/// Finds those members in a JSON document as it passes in pieces. Of a text that is no JSON it may find anything, and never fails.
class StateScanner {
 public:
  /// Appends the marks of the texts that end in this piece.
  void feed(std::string_view bytes, std::vector<std::uint64_t>& marks);

 private:
  enum class Place : std::uint8_t {
    Between,      ///< of strings
    InString,     ///< one that may be a name
    BehindName,   ///< of such a member
    BeforeValue,  ///< behind its colon
    InValue,
  };
  static constexpr std::size_t kLongestName = 24;

  [[nodiscard]] std::size_t pass_string(std::string_view bytes, std::size_t at);
  [[nodiscard]] std::size_t pass_value(std::string_view bytes, std::size_t at, std::vector<std::uint64_t>& marks);
  [[nodiscard]] std::size_t string_end(std::string_view bytes, std::size_t at);

  Place place_ = Place::Between;
  bool escaped_ = false;  ///< the next character belongs to a backslash of the piece before
  std::array<char, kLongestName> name_{};
  std::size_t name_size_ = 0;  ///< `kLongestName`: too long for one
  StateMark mark_;
};

}  // namespace tidegate::llm::json
