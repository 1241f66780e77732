// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string_view>

namespace tidegate::app {

/// `0.1.0`
extern const std::string_view kVersion;
/// Abbreviated commit that the build was configured at; empty outside a clone.
extern const std::string_view kCommit;

}  // namespace tidegate::app
