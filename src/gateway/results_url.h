// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string>
#include <string_view>

namespace tidegate::gateway {

/// The JSON of one or several message batches with the origin of every `"results_url": "http…"` value replaced; path, query and
/// every other byte stay. An empty origin changes nothing.
[[nodiscard]] std::string rewrite_results_urls(std::string_view json, std::string_view origin);

}  // namespace tidegate::gateway
