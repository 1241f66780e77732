// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "net/listen_options.h"

#include <string>

namespace tidegate::admin {

/// Dashboard and admin API (default 127.0.0.1:3000), and the metrics listener (default 127.0.0.1:8000).
struct AdminOptions {
  net::ListenOptions admin{.host = "127.0.0.1", .port = 3000, .certificate_file = {}, .private_key_file = {}};
  net::ListenOptions metrics{.host = "127.0.0.1", .port = 8000, .certificate_file = {}, .private_key_file = {}};
  Secret token;            ///< `authorization: Bearer TOKEN`; may be empty only while the admin listener is on loopback
  std::string token_name;  ///< the variable or file that the token came from, for people

  friend bool operator==(const AdminOptions&, const AdminOptions&) = default;
};

}  // namespace tidegate::admin
