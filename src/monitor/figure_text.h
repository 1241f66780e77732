// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <string>

namespace tidegate::monitor {

/// `1,234,567`
[[nodiscard]] std::string grouped(std::int64_t number);
/// `99.1 %`; `100 %` and `0 %` only where that is exact.
[[nodiscard]] std::string percent_text(double share);
/// `180 ms`, from ten seconds on `12.3 s`.
[[nodiscard]] std::string milliseconds_text(double milliseconds);

}  // namespace tidegate::monitor
