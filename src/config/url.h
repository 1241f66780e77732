// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::config {

/// The parts of an `http`, `https` or `redis` URL (RFC 3986), as far as settings need them.
struct Url {
  std::string scheme;      ///< lower case
  std::string user;        ///< `name:password`, as written; empty if none
  std::string host;        ///< without brackets
  std::uint16_t port = 0;  ///< the scheme's own if none is written
  std::string path;        ///< empty or from its slash on
  bool has_query = false;
  bool has_fragment = false;
};

/// Nothing if there is no scheme, no host or a port out of range.
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

struct HostPort {
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
};

/// Reads `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` (as 127.0.0.1). Nothing if the host is no address or the port
/// is missing.
[[nodiscard]] std::optional<HostPort> parse_address(std::string_view text);
/// `127.0.0.1:8080`, `[::1]:8080`.
[[nodiscard]] std::string address_text(std::string_view host, std::uint16_t port);

/// 127.0.0.0/8, ::1 or `localhost`: nobody but this machine reaches it.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace tidegate::config
