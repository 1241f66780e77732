// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string>

namespace tidegate::config {

/// `docs/configuration.md`, made from the table of settings.
[[nodiscard]] std::string reference_markdown();

}  // namespace tidegate::config
