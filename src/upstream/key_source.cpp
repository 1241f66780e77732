// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/key_source.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidegate::upstream {

namespace {

constexpr std::size_t kLongestKey = 8 * 1024;

/// A key becomes a header field's value: what could end the field must never get there.
bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= kLongestKey &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

Result<KeyReading> to_keys(std::span<const std::string_view> entries, std::string_view place) {
  if (entries.size() > kMostKeys) {
    return fail(FailureKind::TooLarge, Origin::Operator,
                fmt::format("{} holds more than {} entries, and one source may hold no more", place, kMostKeys));
  }
  KeyReading reading;
  for (const std::string_view entry : entries) {
    const std::string_view key = trim(entry);
    if (is_key(key)) {
      reading.keys.emplace_back(std::string(key));
    } else {
      ++reading.unusable;
    }
  }
  return reading;
}

}  // namespace tidegate::upstream
