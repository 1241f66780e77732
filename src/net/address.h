// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::net {

/// An IP address with its port, ready for the socket calls.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] bool is_loopback() const;
};

/// An address literal, IPv4 or IPv6 without brackets; nothing if `host` is a name.
[[nodiscard]] std::optional<Address> parse_address(const std::string& host, std::uint16_t port);
/// `127.0.0.1:8080`, `[::1]:8080`.
[[nodiscard]] std::string to_string(const Address& address);
/// Asks the system's resolver and *blocks* while it answers: never on a worker. Failure: Resolve.
[[nodiscard]] Result<std::vector<Address>> resolve_blocking(const std::string& host, std::uint16_t port);

}  // namespace tidegate::net
