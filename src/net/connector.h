// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net/url.h"

#include <memory>
#include <optional>
#include <string>

namespace tidegate::net {

/// Where connections go: a provider's origin, by which proxy, with which TLS. Immutable; shared between workers.
struct Destination {
  Url url;
  std::optional<Url> proxy;  ///< HTTP CONNECT goes there first
  Secret proxy_credential;   ///< `user:password` for the proxy (RFC 7617); empty: it asks for none
  std::shared_ptr<const TlsClientContext> tls;  ///< set if url.tls
};

/// Opens a connection: name, TCP (each address in turn), CONNECT, TLS; all before `deadline`.
/// Failure, whose detail names the host, its proxy, the step and what to look at: Resolve | Connect | Tls | Closed | Timeout.
[[nodiscard]] Task<Result<std::unique_ptr<Stream>>> connect(Reactor& reactor, Resolver& resolver,
                                                            std::shared_ptr<const Destination> destination,
                                                            SteadyTime deadline);

}  // namespace tidegate::net
