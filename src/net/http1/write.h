// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "net/http1/head.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::net::http1 {

/// Writes one head behind what a buffer already holds; the buffer is reused from message to message, so that writing
/// allocates nothing once it has grown. Fields of a parsed head are copied as spans of its bytes, neighbours together.
///
/// A line end can never get in through a value: text with CR, LF, NUL or another character that its place does not
/// allow is not written, and `finish` then takes the whole head back and says false.
class HeadWriter {
 public:
  explicit HeadWriter(std::string& out) : out_(out), start_(out.size()) {
    constexpr std::size_t kUsualHead = 1024;
    if (out_.capacity() < kUsualHead) out_.reserve(kUsualHead);  // in one step, not while it grows
  }

  HeadWriter& request_line(std::string_view method, std::string_view target);
  /// With the customary phrase, or the given one (a provider's own is passed on).
  HeadWriter& status_line(int status);
  HeadWriter& status_line(int status, std::string_view reason);

  HeadWriter& field(std::string_view name, std::string_view value);
  /// With a name that stands in the source, and so is one.
  template <std::size_t N>
  HeadWriter& field(const char (&name)[N], std::string_view value) {
    if (!is_value(value)) {
      refused_ = true;
      return *this;
    }
    append_field(name, N - 1, value);
    return *this;
  }
  template <std::size_t N>
  HeadWriter& field(const char (&name)[N], std::uint64_t value) {
    std::array<char, 20> digits;
    const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    append_field(name, N - 1, {digits.data(), static_cast<std::size_t>(end - digits.data())});
    return *this;
  }

  /// The fields of a parsed head for which `keep(std::size_t index, FieldTag)` says so, in order, byte for byte.
  template <typename Keep>
  HeadWriter& relay(const Head& head, Keep keep) {
    const std::size_t count = head.fields.size();
    for (std::size_t first = 0; first < count;) {
      if (!keep(first, head.tags[first])) {
        ++first;
        continue;
      }
      std::size_t last = first + 1;
      while (last < count && keep(last, head.tags[last])) ++last;
      copy_lines(head, first, last);
      first = last + 1;  // the one at `last` is not kept, or there is none
    }
    return *this;
  }
  /// All fields that are meant for the next hop too. Content-Length and Host are among them; Transfer-Encoding is not,
  /// so whoever relays a chunked body as it is adds it.
  HeadWriter& relay_end_to_end(const Head& head) {
    return relay(head, [](std::size_t, FieldTag tag) { return !tag.hop_by_hop; });
  }

  /// The empty line. False if something was refused: then the buffer is as it was before this head.
  [[nodiscard]] bool finish();

 private:
  [[nodiscard]] static bool is_value(std::string_view text);
  void append_field(const char* name, std::size_t size, std::string_view value) {
    out_.append(name, size).append(": ", 2).append(value).append("\r\n", 2);
  }
  void copy_lines(const Head& head, std::size_t first, std::size_t last);

  std::string& out_;
  std::size_t start_;
  bool refused_ = false;
};

}  // namespace tidegate::net::http1
