// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/json/text_scan.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::llm::json {

/// What a value is, judged by its first character.
enum class Kind : std::uint8_t { Object, Array, String, Number, True, False, Null, Broken };

/// Walks once, forward, over a JSON text (RFC 8259) without copying it, without an index and without a tree: what
/// nobody asks for is stepped over at the speed of a string scan. Needs no padding after the text and no memory that
/// grows with it, which an indexing parser does (simdjson: four bytes of index per byte of body; a 32 MB body would pin
/// 180 MB in every worker). simdjson is the oracle in the tests instead: what it accepts is read alike here.
///
/// Lenient where it does not matter: inside values that are stepped over only strings and brackets are checked, and
/// control characters and malformed UTF-8 pass, because the provider judges the body. Any error is sticky: nothing is
/// read after it.
///
/// Each reading function consumes exactly one value, also when it is of another kind than asked for.
class Cursor {
 public:
  /// `text` must outlive the cursor. A byte order mark in front is stepped over.
  explicit Cursor(std::string_view text) : text_(text), at_(text.starts_with("\xEF\xBB\xBF") ? 3 : 0) {}

  /// The kind of the value that comes next; consumes nothing but blanks.
  [[nodiscard]] Kind peek() {
    if (broken_) return Kind::Broken;
    skip_blanks();
    return at_ < text_.size() ? kind_of(text_[at_]) : Kind::Broken;
  }
  /// Where the next value begins; after a value was consumed, where it ended is `end_of_value()`.
  [[nodiscard]] std::size_t begin_of_value() {
    skip_blanks();
    return at_;
  }
  [[nodiscard]] std::size_t end_of_value() const { return at_; }
  /// Where the key stands whose member is being called; before its value is read.
  [[nodiscard]] std::size_t begin_of_key() const { return key_begin_; }

  void skip() {
    if (peek() == Kind::String) return skip_string();
    skip_other();
  }
  /// Likewise; how many bytes the value has without the blanks between its parts.
  std::int64_t skip_compact();
  /// The content of a string between its quotes, escapes as written; nothing if it is no string.
  [[nodiscard]] std::optional<std::string_view> raw_string();
  /// A string, decoded to valid UTF-8 (what is not becomes U+FFFD), cut at a character's border to at most `limit`
  /// bytes; empty if it is no string.
  [[nodiscard]] std::string text(std::size_t limit = std::string::npos);
  /// A whole number (also `1000.0` and `1e3`); nothing for anything else or beyond 64 bits.
  [[nodiscard]] std::optional<std::int64_t> integer();
  [[nodiscard]] std::optional<bool> boolean();
  /// Whether it is a number and zero, however that is written.
  [[nodiscard]] bool is_zero();

  /// Calls `member(key)` for each member in order, duplicates included; `member` reads the value with this cursor or
  /// leaves it, then it is stepped over. `key` is decoded and valid until the value is read. False if the value is no
  /// object (it is consumed).
  template <typename Member>
  bool object(Member&& member) {
    if (peek() != Kind::Object) return skip(), false;
    ++at_;
    return members(member);
  }

  /// Goes on with an object at the key that stands at `offset`, as if all before it had been read.
  template <typename Member>
  bool object_from(std::size_t offset, Member&& member) {
    at_ = offset;
    return members(member);
  }

  /// Calls `element()` for each element in order, likewise. False if the value is no array (it is consumed).
  template <typename Element>
  bool array(Element&& element) {
    if (peek() != Kind::Array) return skip(), false;
    ++at_;
    if (take(']')) return true;
    do {
      const std::size_t before = begin_of_value();
      if (before < text_.size() && text_[before] == ']') return fail(), false;  // behind a comma
      element();
      if (at_ == before) skip();
      if (broken_) return false;
    } while (take(','));
    return end_of_container(']');
  }

  /// The text could not be understood up to here.
  [[nodiscard]] bool broken() const { return broken_; }
  /// Nothing but blanks follows, and nothing was broken.
  [[nodiscard]] bool at_end();

 private:
  void fail() { broken_ = true; }
  bool end_of_container(char bracket) {
    if (!take(bracket)) fail();
    return !broken_;
  }
  template <typename Member>
  bool members(Member& member) {
    if (take('}')) return true;
    do {
      key_begin_ = begin_of_value();
      const std::string_view key = read_key();  // fails at a bracket behind a comma
      if (broken_) return false;
      const std::size_t before = begin_of_value();
      member(key);
      if (at_ == before) skip();
      if (broken_) return false;
    } while (take(','));
    return end_of_container('}');
  }

  static constexpr bool is_blank(char c) {
    if (c > ' ' || c < '\0') return false;  // nearly always: one look instead of four
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
  }
  static constexpr Kind kind_of(char c) {
    switch (c) {
      case '"': return Kind::String;
      case '{': return Kind::Object;
      case '[': return Kind::Array;
      case 't': return Kind::True;
      case 'f': return Kind::False;
      case 'n': return Kind::Null;
      default: return c == '-' || (c >= '0' && c <= '9') ? Kind::Number : Kind::Broken;
    }
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool take(char expected) {
    if (at_ < text_.size() && text_[at_] != expected) skip_blanks();  // nearly always there are none
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }
  void skip_string() {
    const std::size_t end = find_string_end(text_, at_ + 1);
    if (end == std::string_view::npos) return fail();
    at_ = end + 1;
  }
  /// The key that begins here, and the colon behind it.
  std::string_view read_key() {
    // Nearly all are short, plain, and have their colon right behind them: one look.
    if (at_ + scan::kBlock + 1 < text_.size() && text_[at_] == '"') {
      const char* const key = text_.data() + at_ + 1;
      const unsigned mask = scan::matches(key, '"', '\\');
      const auto length = static_cast<unsigned>(__builtin_ctz(mask | 1U << (scan::kBlock - 1)));
      if (key[length] == '"' && key[length + 1] == ':') {
        at_ += length + 3;
        return {key, length};
      }
    }
    return read_any_key();
  }
  std::string_view read_any_key();
  void skip_other();
  void skip_word(std::string_view word);
  std::string_view scalar();
  std::optional<std::int64_t> small_whole_number();
  /// How many blanks there were between its parts.
  std::int64_t skip_container();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t key_begin_ = 0;
  bool broken_ = false;
  std::string decoded_key_;
};

/// A string's content with its escapes resolved to UTF-8; a lone surrogate becomes U+FFFD. At most about `limit` bytes,
/// cut at a character's border.
[[nodiscard]] std::string unescape(std::string_view raw, std::size_t limit = std::string::npos);

/// `text` with every byte that belongs to no valid UTF-8 sequence replaced by U+FFFD: names end up in metrics, logs and
/// JSON.
[[nodiscard]] std::string to_valid_utf8(std::string text);

/// Appends `text` as a JSON string, quotes included. Bytes that are no valid UTF-8 become U+FFFD, so that the result
/// always is.
void append_quoted(std::string& out, std::string_view text);

}  // namespace tidegate::llm::json
