// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::net {

/// The origin and path of an `http` or `https` URL.
struct Url {
  bool tls = false;
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
  std::string path;  ///< without a trailing slash; empty for the root

  /// `host` or `host:port` as the Host field wants it: the port only where it is not the scheme's own.
  [[nodiscard]] std::string authority() const;
  friend bool operator==(const Url&, const Url&) = default;
};

/// Reads `https://host[:port][/path]`. Query, fragment and user information are refused. Failure: InvalidInput.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace tidegate::net
