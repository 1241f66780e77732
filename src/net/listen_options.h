// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace tidegate::net {

/// One listening address.
struct ListenOptions {
  std::string host = "127.0.0.1";  ///< address literal; `0.0.0.0` and `::` listen everywhere
  std::uint16_t port = 0;          ///< 0 = any free port (tests)
  std::string certificate_file;    ///< PEM chain; empty = plain HTTP. Read again when it changes.
  std::string private_key_file;    ///< PEM; required with certificate_file

  friend bool operator==(const ListenOptions&, const ListenOptions&) = default;
};

/// What one client connection may ask for.
struct ServerLimits {
  std::size_t max_head_bytes = 64 * 1024;        ///< larger: 431
  std::size_t max_body_bytes = 32 * 1024 * 1024; ///< larger: 413; file uploads stream and have their own limit
  std::size_t max_upload_bytes = 512ULL * 1024 * 1024;
  std::size_t max_connections = 20'000;          ///< of all workers; further ones wait in the kernel's backlog
  Nanoseconds head_timeout = Seconds(30);        ///< from a request's first byte to the end of its head: 408
  Nanoseconds body_timeout = Seconds(60);        ///< longest pause inside a request body, and how far one that is kept may fall behind a slowest speed: 408
  Nanoseconds idle_timeout = Seconds(120);       ///< a kept-alive connection without a request is closed
  Nanoseconds write_timeout = Seconds(300);      ///< a client that takes no byte for so long is gone

  friend bool operator==(const ServerLimits&, const ServerLimits&) = default;
};

}  // namespace tidegate::net
