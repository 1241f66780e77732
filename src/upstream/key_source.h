// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::upstream {

/// What stands in a source of keys.
struct KeyReading {
  std::vector<Secret> keys;  ///< in the source's order, which means nothing; may hold one twice
  std::size_t unusable = 0;  ///< entries that are no keys: empty, with blanks or line breaks inside, longer than 8 KiB
  std::string rotation_trouble = {};  ///< why the list could not be turned, in words for the operator; empty = it was, or need not
};

/// A source holds at most so many keys.
inline constexpr std::size_t kMostKeys = 1'000;

/// A place outside the configuration that holds keys. One thread.
class KeySource {
 public:
  virtual ~KeySource() = default;
  /// Every key that is there now. May block for some seconds. Failure, whose detail says what to do: as the source says,
  /// and TooLarge beyond kMostKeys.
  [[nodiscard]] virtual Result<KeyReading> read() = 0;
};

/// Entries of a source as keys, without the blanks around them. Failure: TooLarge beyond kMostKeys, naming `place`.
[[nodiscard]] Result<KeyReading> to_keys(std::span<const std::string_view> entries, std::string_view place);

}  // namespace tidegate::upstream
