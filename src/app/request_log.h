// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/options.h"
#include "gateway/outcome.h"

#include <string>

namespace tidegate::app {

/// How much a request's line matters: Info if it went well, or the client left; Warning if it was refused or failed.
[[nodiscard]] config::LogLevel log_level_of(const gateway::Outcome& outcome);

/// Appends one structured line (logfmt) of a request, at its end. Names, numbers and ids only: never a prompt, an answer or a key.
void append_log_line(std::string& line, const gateway::Outcome& outcome);

}  // namespace tidegate::app
