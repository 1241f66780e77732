// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string>
#include <string_view>

namespace tidegate::testing {

/// `text` as a provider sends it under `content-encoding: gzip`.
[[nodiscard]] std::string gzipped(std::string_view text);

}  // namespace tidegate::testing
