// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/cursor.h"

#include "base/number.h"

#include <algorithm>
#include <array>

namespace tidegate::llm::json {

namespace {

/// How deep brackets may nest; simdjson's limit and about Python's.
constexpr std::size_t kMaximumDepth = 1024;

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool ends_scalar(char c) { return c == ',' || c == '}' || c == ']' || c == ':' || is_blank(c); }

/// Which brackets are open, one bit each.
class OpenBrackets {
 public:
  [[nodiscard]] bool push(bool is_object) {
    if (depth_ == kMaximumDepth) return false;
    std::uint64_t& word = bits_[depth_ / 64];
    const std::uint64_t bit = std::uint64_t{1} << (depth_ % 64);
    word = is_object ? word | bit : word & ~bit;
    ++depth_;
    return true;
  }
  /// False if the last one opened is of the other shape. Something must be open.
  [[nodiscard]] bool pop(bool is_object) {
    --depth_;
    return ((bits_[depth_ / 64] >> (depth_ % 64)) & 1) == static_cast<std::uint64_t>(is_object);
  }
  [[nodiscard]] bool empty() const { return depth_ == 0; }

 private:
  std::array<std::uint64_t, kMaximumDepth / 64> bits_;  // only the bits below depth_ mean anything
  std::size_t depth_ = 0;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The four hexadecimal digits at `at`, or -1.
std::int32_t hex4(std::string_view raw, std::size_t at) {
  if (at + 4 > raw.size()) return -1;
  std::int32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_digit(raw[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

constexpr std::uint32_t kReplacement = 0xFFFD;

/// Reads what follows `\u` at `at` (a second escape too, if the first is a high surrogate) and moves `at` behind it.
std::uint32_t read_unicode_escape(std::string_view raw, std::size_t& at) {
  const std::int32_t first = hex4(raw, at);
  if (first < 0) return kReplacement;
  at += 4;
  if (first < 0xD800 || first > 0xDFFF) return static_cast<std::uint32_t>(first);
  if (first > 0xDBFF || raw.substr(at, 2) != "\\u") return kReplacement;
  const std::int32_t second = hex4(raw, at + 2);
  if (second < 0xDC00 || second > 0xDFFF) return kReplacement;
  at += 6;
  return 0x10000 + ((static_cast<std::uint32_t>(first) - 0xD800) << 10) + (static_cast<std::uint32_t>(second) - 0xDC00);
}

char simple_escape(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;  // `"`, `\`, `/`; and what JSON does not know stays as it is
  }
}

/// Without a character that `limit` cut in the middle.
void cut(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  text.resize(limit);
}

/// The length of the valid UTF-8 sequence that begins at `at`; 0 if there is none (RFC 3629).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && byte(1) < 0x90;
    const bool beyond = lead == 0xF4 && byte(1) > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool Cursor::at_end() {
  skip_blanks();
  return !broken_ && at_ == text_.size();
}

std::string_view Cursor::read_any_key() {
  if (at_ >= text_.size() || text_[at_] != '"') return fail(), std::string_view{};
  const std::size_t begin = at_ + 1;
  const std::size_t end = find_string_end(text_, begin);
  if (end == std::string_view::npos) return fail(), std::string_view{};
  at_ = end + 1;
  if (!take(':')) return fail(), std::string_view{};
  const std::string_view key(text_.data() + begin, end - begin);
  // A key may be written with escapes ("mod\u0065l"), and whoever wants around a limit would.
  if (key.find('\\') == std::string_view::npos) return key;
  decoded_key_ = unescape(key);
  return decoded_key_;
}

std::string_view Cursor::scalar() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && !ends_scalar(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

void Cursor::skip_word(std::string_view word) {
  if (text_.compare(at_, word.size(), word) != 0) return fail();
  at_ += word.size();
  if (at_ < text_.size() && !ends_scalar(text_[at_])) fail();
}

void Cursor::skip_other() {
  switch (peek()) {
    case Kind::Object:
    case Kind::Array: skip_container(); return;
    case Kind::String: return skip_string();
    case Kind::Number: scalar(); return;
    case Kind::True: return skip_word("true");
    case Kind::False: return skip_word("false");
    case Kind::Null: return skip_word("null");
    case Kind::Broken: return fail();
  }
}

std::int64_t Cursor::skip_container() {
  OpenBrackets open;
  std::int64_t blanks = 0;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      at_ = find_string_end(text_, at_ + 1);
      if (at_ == std::string_view::npos) break;
    } else if (c == '{' || c == '[') {
      if (!open.push(c == '{')) break;
    } else if (c == '}' || c == ']') {
      if (!open.pop(c == '}')) break;
      if (open.empty()) {
        ++at_;
        return blanks;
      }
    } else if (is_blank(c)) {
      ++blanks;
    }
  }
  at_ = std::min(at_, text_.size());
  fail();
  return blanks;
}

std::int64_t Cursor::skip_compact() {
  const Kind kind = peek();
  const std::size_t begin = at_;
  std::int64_t blanks = 0;
  if (kind == Kind::Object || kind == Kind::Array) {
    blanks = skip_container();
  } else {
    skip();
  }
  return static_cast<std::int64_t>(at_ - begin) - blanks;
}

std::optional<std::string_view> Cursor::raw_string() {
  if (peek() != Kind::String) return skip(), std::nullopt;
  const std::size_t begin = at_ + 1;
  skip_string();
  if (broken_) return std::nullopt;
  return std::string_view(text_.data() + begin, at_ - 1 - begin);
}

std::string Cursor::text(std::size_t limit) {
  const auto raw = raw_string();
  if (!raw) return {};
  if (raw->size() <= limit && is_plain(*raw)) return std::string(*raw);
  return to_valid_utf8(unescape(*raw, limit));
}

std::optional<std::int64_t> Cursor::integer() {
  if (peek() != Kind::Number) return skip(), std::nullopt;
  if (const auto whole = small_whole_number()) return whole;
  const std::string_view digits = scalar();
  if (const auto whole = parse_integer(digits)) return whole;
  const auto decimal = parse_decimal(digits);
  constexpr double kExactUpTo = 9'007'199'254'740'992.0;
  if (!decimal || *decimal > kExactUpTo || *decimal < -kExactUpTo) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(*decimal);
  if (static_cast<double>(whole) != *decimal) return std::nullopt;
  return whole;
}

/// What nearly every number here is: digits that cannot overflow. Otherwise nothing, and nothing is consumed.
std::optional<std::int64_t> Cursor::small_whole_number() {
  constexpr std::size_t kMostDigits = 18;
  const std::size_t last = std::min(text_.size(), at_ + kMostDigits);
  std::int64_t value = 0;
  std::size_t end = at_;
  for (; end < last && text_[end] >= '0' && text_[end] <= '9'; ++end) value = value * 10 + (text_[end] - '0');
  if (end == at_ || (end < text_.size() && !ends_scalar(text_[end]))) return std::nullopt;
  at_ = end;
  return value;
}

bool Cursor::is_zero() {
  if (peek() != Kind::Number) return skip(), false;
  const std::string_view number = scalar();
  const std::string_view significand = number.substr(0, number.find_first_of("eE"));
  return significand.find_first_not_of("-.0") == std::string_view::npos &&
         significand.find('0') != std::string_view::npos;
}

std::optional<bool> Cursor::boolean() {
  const Kind kind = peek();
  skip();
  if (broken_ || (kind != Kind::True && kind != Kind::False)) return std::nullopt;
  return kind == Kind::True;
}

std::string unescape(std::string_view raw, std::size_t limit) {
  std::string out;
  std::size_t at = 0;
  // `limit` bounds the work too: a user id of a megabyte is not decoded to its end.
  while (at < raw.size() && (limit == std::string::npos || out.size() <= limit)) {
    const std::size_t escape = std::min(raw.find('\\', at), raw.size());
    const std::size_t room = limit == std::string::npos ? raw.size() : limit + 1 - out.size();
    out.append(raw.substr(at, std::min(escape - at, room)));
    at = escape;
    if (at + 1 >= raw.size()) break;
    if (raw[at + 1] == 'u') {
      at += 2;
      append_utf8(out, read_unicode_escape(raw, at));
    } else {
      out.push_back(simple_escape(raw[at + 1]));
      at += 2;
    }
  }
  if (limit != std::string::npos) cut(out, limit);
  return out;
}

std::string to_valid_utf8(std::string text) {
  std::size_t good = ascii_prefix(text);
  while (good < text.size()) {
    const std::size_t length = utf8_length(text, good);
    if (length == 0) break;
    good += length;
  }
  if (good == text.size()) return text;
  std::string out = text.substr(0, good);
  for (std::size_t at = good; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      append_utf8(out, kReplacement);
      ++at;
    } else {
      out.append(text, at, length);
      at += length;
    }
  }
  return out;
}

namespace {

/// How many bytes at the beginning may stand in a JSON string as they are, judged one by one: printable ASCII but quote
/// and backslash.
std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
    ++at;
  }
  return at;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out.push_back('"');
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t plain = plain_prefix(text.substr(at));
    out.append(text.substr(at, plain));
    at += plain;
    if (at == text.size()) break;
    const char c = text[at];
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      append_utf8(out, kReplacement);
      ++at;
      continue;
    }
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out.push_back(hex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(hex[static_cast<unsigned char>(c) & 15]);
    } else {
      out.append(text.substr(at, length));
    }
    at += length;
  }
  out.push_back('"');
}

}  // namespace tidegate::llm::json
