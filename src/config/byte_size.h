// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace tidegate::config {

/// Reads `64KiB`, `32MB`, `512MiB`, `1GB`, `100B`: KB, MB, GB are powers of 1000, KiB, MiB, GiB of 1024. A bare number
/// is refused, because its unit would be a guess. Failure: InvalidInput.
[[nodiscard]] Result<std::size_t> parse_byte_size(std::string_view text);

/// Shortest exact form that `parse_byte_size` reads back: `32MiB`, `1GB`, `1500B`.
[[nodiscard]] std::string byte_size_text(std::size_t bytes);

}  // namespace tidegate::config
