// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/header_field.h"
#include "net/http1/field_class.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::net::http1 {

/// The field lines of the head that a parser read last. Whoever keeps a connection alive sends nearly the same head again and again, and a
/// line that stands again where it stood, byte for byte, is the same field: comparing it costs a third of reading it.
class KnownLines {
 public:
  struct Line {
    std::uint16_t begin = 0;  ///< in the lines
    std::uint16_t size = 0;   ///< CRLF included
    std::uint16_t name_size = 0;
    std::uint16_t value_begin = 0;  ///< from the line's begin
    std::uint16_t value_size = 0;
    FieldTag tag;                   ///< as its class says

    [[nodiscard]] std::string_view name(const char* line) const { return {line, name_size}; }
    [[nodiscard]] std::string_view value(const char* line) const { return {line + value_begin, value_size}; }
  };

  /// Calls `again(line, at)` for each line, from that number on, that stands again where the one before ends, the first of them at `at`; gives
  /// where the last one ends.
  template <typename Again>
  const char* for_each_again(std::size_t number, const char* at, const char* end, Again again) const {
    const char* const bytes = bytes_.data();
    const Line* const last = lines_.data() + lines_.size();
    for (const Line* line = lines_.data() + std::min(number, lines_.size()); line != last; ++line) {
      if (static_cast<std::size_t>(end - at) < line->size || std::memcmp(at, bytes + line->begin, line->size) != 0) break;
      again(*line, at);
      at += line->size;
    }
    return at;
  }
  [[nodiscard]] std::size_t size() const { return lines_.size(); }

  /// These are the last ones from now on. `lines` holds each field with its CRLF, one behind the other.
  void learn(std::string_view lines, HeaderFields fields, std::span<const FieldTag> tags) {
    lines_.clear();
    bytes_.clear();
    if (lines.size() > kLongest) return;
    bytes_ = lines;
    lines_.reserve(fields.size());
    const auto offset = [](const char* at, const char* from) { return static_cast<std::uint16_t>(at - from); };
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto& [name, value] = fields[i];
      const char* const end = i + 1 < fields.size() ? fields[i + 1].name.data() : lines.data() + lines.size();
      lines_.push_back({.begin = offset(name.data(), lines.data()),
                        .size = offset(end, name.data()),
                        .name_size = static_cast<std::uint16_t>(name.size()),
                        .value_begin = offset(value.data(), name.data()),
                        .value_size = static_cast<std::uint16_t>(value.size()),
                        .tag = tags[i]});
    }
  }

 private:
  /// What is kept for a connection, and for an exchange, has to stay small; nearly all heads are shorter.
  static constexpr std::size_t kLongest = 4UL * 1024;

  std::string bytes_;
  std::vector<Line> lines_;
};

}  // namespace tidegate::net::http1
