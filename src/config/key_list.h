// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/type.h"
#include "upstream/key_list_options.h"

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::config {

/// The places in `options` that a URL names: host or socket, database, list, user. Gives the reason against a URL.
/// `redis://[USER@]HOST[:PORT][/DATABASE]#LIST` or `unix:///PATH[?db=DATABASE]#LIST`; USER, PATH and LIST may be
/// percent-encoded.
[[nodiscard]] std::optional<std::string> read_key_list_url(std::string_view text, upstream::KeyListOptions& options);

/// `pool:` of a provider.
[[nodiscard]] Type<upstream::KeyListOptions> key_list();

}  // namespace tidegate::config
