// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::app {

/// One GET of a command, or a POST if there is a body. Blocks; never for a server's threads.
struct HttpQuestion {
  std::string url;  ///< http or https; the certificate is verified
  std::vector<std::pair<std::string, Secret>> fields;
  Secret bearer = {};  ///< sent as `authorization: Bearer …`; empty if none
  std::optional<std::string> body = {};  ///< JSON
  Nanoseconds timeout = Seconds(10);
  std::string ca_file = {};  ///< PEM; empty = the system's authorities
  std::string proxy =
      {};  ///< `http://host:port`; empty = as HTTPS_PROXY, http_proxy and NO_PROXY say; none to loopback
  Secret proxy_credential = {};  ///< `user:password` for `proxy`
};

struct HttpReply {
  int status = 0;
  std::string body;
};

/// Follows no redirect. Failure: Resolve | Connect | Timeout | Tls | Protocol | TooLarge (above 64 MB), its detail
/// names the URL and what went wrong.
[[nodiscard]] Result<HttpReply> ask(const HttpQuestion& question);

}  // namespace tidegate::app
