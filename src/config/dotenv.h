// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/environment.h"
#include "config/yaml.h"

#include <vector>

namespace tidegate::config {

/// What a `.env` file sets. Per line:
///   line  = [ blanks ] [ "export " ] NAME "=" value [ comment ]  |  comment  |  blank
///   value = 'as it is'  |  "with \n \t \" \\ \$ escapes"  |  bare text up to " #" or the line's end
/// Nothing is expanded (`$X` stays `$X`): a key may contain a dollar sign. A name set twice has its last value. A line
/// that does not fit is a problem that names the line but never quotes it, because it may hold a key.
[[nodiscard]] Environment parse_dotenv(const SourceText& source, std::vector<Problem>& problems);

/// The real environment wins over the file, so that one run can be changed without editing it.
[[nodiscard]] Environment merge(Environment real, const Environment& from_file);

}  // namespace tidegate::config
