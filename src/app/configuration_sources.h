// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "config/load.h"

#include <string>

namespace tidegate::app {

/// What a configuration of this process is made of now: the YAML file, and the environment with `./.env` below it. `file` empty:
/// ./tidegate.yaml if it is there. Failure: NotFound or Denied for a file that was named and cannot be read, InvalidInput for an
/// unreadable `.env`.
[[nodiscard]] Result<config::Sources> read_sources(const std::string& file);

}  // namespace tidegate::app
