// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"

#include <string>
#include <string_view>

namespace tidegate::delivery {

/// HMAC-SHA256 (RFC 2104), 64 lower-case hexadecimal digits.
[[nodiscard]] std::string hmac_sha256(const Secret& key, std::string_view text);

}  // namespace tidegate::delivery
