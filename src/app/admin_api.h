// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <string>
#include <string_view>

namespace tidegate::app {

/// Anthropic's Admin API (facts/anthropic-api.md 6.2) as commands and slow schedules ask it.
struct AdminApi {
  std::string base_url;      ///< `https://api.anthropic.com`
  Secret key;                ///< `sk-ant-admin…`
  std::string key_name;      ///< where it came from, for people
  std::string ca_file = {};  ///< PEM; empty = the system's authorities
  std::string proxy = {};    ///< `http://host:port`; empty = as HTTPS_PROXY and NO_PROXY say
  Secret proxy_credential = {};  ///< as of HttpQuestion
};

/// One page, its JSON text. Blocks for at most a minute; never for a worker's thread. Failure: Denied (the key), NotFound (no such
/// report), Resolve | Connect | Timeout | Tls, Protocol (another status), in words for people.
[[nodiscard]] Result<std::string> get_admin_page(const AdminApi& api, std::string_view path_and_query);

}  // namespace tidegate::app
