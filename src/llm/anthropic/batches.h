// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string>
#include <string_view>

namespace tidegate::llm::anthropic {

/// A batch, or a list of batches (`data`), with the origin of each `results_url` replaced by `new_origin`
/// (`https://host:port`, no slash at the end; must need no JSON escapes; empty: the URL is left without one); path, query
/// and every other byte stay, but `path_prefix` (`/relay`, of the provider's base URL) goes with the origin. SDKs
/// fetch that URL as it stands, so an unchanged one would carry the gateway's key to the provider
/// (facts/clients.md 4.16). What is no JSON object, no such member, null or no absolute http(s) URL is left alone.
[[nodiscard]] std::string rewrite_results_urls(std::string_view json, std::string_view new_origin,
                                               std::string_view path_prefix = {});

}  // namespace tidegate::llm::anthropic
