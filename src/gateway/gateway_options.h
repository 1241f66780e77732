// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "quota/admission_options.h"
#include "quota/header_scope.h"
#include "routing/route_options.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::gateway {

/// Who may use the gateway, and with which credential it goes upstream.
enum class AuthMode : std::uint8_t {
  Open,         ///< any or no client key; the pool's credential goes upstream. Loopback listeners only.
  Virtual,      ///< a key that `tidegate keys create` made
  Passthrough,  ///< the client's own credential goes upstream
};
/// As the configuration writes it: `open`, `virtual`, `passthrough`.
[[nodiscard]] constexpr std::string_view to_string(AuthMode mode) {
  switch (mode) {
    case AuthMode::Open: return "open";
    case AuthMode::Virtual: return "virtual";
    case AuthMode::Passthrough: return "passthrough";
  }
  return "";
}

/// Puts requests into a class of their own, with a part of the limits: a provider that counts some work at less of its figures. All that
/// a rule says must hold; the first rule that fits counts.
struct ClassRule {
  std::string name;        ///< `code_generation`
  double factor = 1;       ///< part of its model group's limits that the class has
  quota::HeaderScope headers = quota::HeaderScope::Model;
  std::string model = "*";  ///< glob over the requested model
  std::string path = "*";   ///< glob over the path without query
  std::string header;       ///< name of a header that must be there; empty: none must
  std::string value = "*";  ///< glob over that header's value
  std::string tool;         ///< glob: a tool of such a name is offered; empty: no matter
  std::string system_hash;  ///< `gateway::system_hash` of the system prompt; empty: no matter

  friend bool operator==(const ClassRule&, const ClassRule&) = default;
};

struct GatewayOptions {
  AuthMode auth = AuthMode::Open;
  std::vector<routing::RouteRule> routes;  ///< none matches: the providers of the request's dialect, in order
  routing::FailoverOptions failover;
  quota::AdmissionOptions admission;
  std::vector<ClassRule> classes;
  std::string default_tenant = "default";
  std::vector<std::string> user_headers;  ///< header that names the user; the first present wins over the body's
  std::size_t body_memory = 512ULL * 1024 * 1024;  ///< all request bodies together; when spent, sockets are not read further
  Nanoseconds body_wait = Seconds(10);             ///< of one body for room in body_memory, in all; then 429 with retry-after
  Nanoseconds drain_timeout = Seconds(30);         ///< after SIGTERM, for running answers
  std::uint32_t worker_threads = 0;                ///< 0 = one per core
  std::string public_url;  ///< origin that clients use, for rewritten batch `results_url`; empty = the request's Host

  friend bool operator==(const GatewayOptions&, const GatewayOptions&) = default;
};

}  // namespace tidegate::gateway
