// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Virtual keys as text:
///
///     key    = "tg_" id "_" secret
///     id     = 1…32 letters and digits; names the row, not secret
///     secret = 43 letters and digits, uniformly random: 256 bits
///
/// Only SHA-256 of the secret is kept. The secrets are random, so nothing slower than one hash is needed.
namespace tidegate::store {

using Sha256 = std::array<unsigned char, 32>;

[[nodiscard]] Sha256 sha256(std::string_view bytes);
/// Takes the same time wherever they differ.
[[nodiscard]] bool equal_in_constant_time(const Sha256& a, const Sha256& b);
/// Likewise; texts of different lengths differ at once.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

struct KeyParts {
  std::string_view id;
  std::string_view secret;
};
/// Nothing if the text does not have the form of a virtual key.
[[nodiscard]] std::optional<KeyParts> parse_key(std::string_view text);
/// `count` random letters and digits. Failure: Io if the system gives no random numbers.
[[nodiscard]] Result<std::string> random_text(std::size_t count);
/// "tg_" id "_" secret.
[[nodiscard]] Secret key_text(std::string_view id, std::string_view secret);

inline constexpr std::size_t kKeyIdLength = 12;
inline constexpr std::size_t kSecretLength = 43;

}  // namespace tidegate::store
