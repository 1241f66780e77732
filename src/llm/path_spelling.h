// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string>
#include <string_view>

namespace tidegate::llm {

/// Whether every server reads a path alike: nothing percent-encoded, no empty segment, none that begins with a dot, no
/// `;`, `\` or `#`.
[[nodiscard]] bool is_plain_path(std::string_view path);

/// The path as a server may read it that takes its liberties (RFC 3986 6.2.2, and parameters behind `;`): decoded once,
/// in lower case, without empty and dotted segments and what follows a `#`. To compare with; it is not sent.
[[nodiscard]] std::string plain_path(std::string_view path);

}  // namespace tidegate::llm
