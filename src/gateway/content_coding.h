// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::gateway {

/// A body that came compressed, as far as it could be read.
struct DecodedBody {
  std::string text;
  bool is_whole = false;  ///< its end was there, within the limit
};

/// `body` without its content-encoding (`gzip`, `x-gzip`, `deflate`: RFC 9110 8.4.1), at most `limit` bytes of it: a few kilobytes can unfold
/// to gigabytes. Nothing: it has another coding.
[[nodiscard]] std::optional<DecodedBody> decode_body(std::string_view coding, std::string_view body, std::size_t limit);

}  // namespace tidegate::gateway
