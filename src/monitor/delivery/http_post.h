// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::delivery {

/// One POST of JSON. Follows no redirect.
struct HttpPost {
  Secret url;  ///< http or https; some hold a secret in their path, so none is ever repeated
  std::string body;
  std::vector<std::pair<std::string, Secret>> fields = {};
  Nanoseconds timeout = Seconds(10);
  std::string ca_file = {};  ///< PEM; empty: the system's authorities
};

/// Blocks; ends early when `stop` is set. Gives the answer's body (at most 64 KB of it) of a 2xx. Failure: Resolve | Connect |
/// Timeout | Tls | Protocol (another status: Retry::Later where trying again may help, with the answer's `retry-after`;
/// Retry::Never where it cannot), Cancelled. Its detail names the host, never the path.
[[nodiscard]] Result<std::string> post(const HttpPost& request, const std::atomic<bool>& stop);

/// A 2xx answer.
struct HttpReply {
  std::string body;                                        ///< at most 64 KB of it
  std::optional<Milliseconds> retry_after = std::nullopt;  ///< at most an hour
};
/// `post` for those whose 200 may be a no.
[[nodiscard]] Result<HttpReply> exchange(const HttpPost& request, const std::atomic<bool>& stop);

/// One e-mail.
struct Mail {
  std::string server;  ///< `smtp://host:port`, `smtps://…`
  std::string user;
  Secret password;
  std::string from;
  std::vector<std::string> to;
  std::string text;  ///< with its head; lines end in CR LF
  Nanoseconds timeout = Seconds(10);
  std::string ca_file = {};
};
/// STARTTLS where the server offers it; its certificate is verified. Failure: as `post`.
[[nodiscard]] Result<void> send(const Mail& mail, const std::atomic<bool>& stop);

}  // namespace tidegate::delivery
