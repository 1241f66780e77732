// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string_view>

namespace tidegate::net::http1 {

/// The customary reason phrase (IANA registry, read 2026-11-24, and the 529 that providers use); empty for a status
/// without one, which is what the wire allows.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace tidegate::net::http1
