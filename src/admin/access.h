// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/message.h"
#include "base/secret.h"
#include "net/http1/head.h"

#include <cstdint>
#include <optional>

namespace tidegate::admin {

/// How far a route is open.
enum class Access : std::uint8_t {
  Public,  ///< the page itself, health
  Read,
  Change,  ///< also never on behalf of another site
  Signed,  ///< each request proves itself by a signature that the route checks: no token, from anywhere, under any name
};

/// Who may ask at one listener.
struct AccessRules {
  bool loopback = true;  ///< the listener can be reached from this machine alone
  Secret token;          ///< empty: none is asked for
};

/// Decides before anything else looks at a request. Nothing = go on; else the answer that refuses it.
///
/// Against other sites in the browser of somebody who may: a page whose name was rebound to our address says its own
/// name in `Host`, so on loopback without a token only the names of this machine are served; and a change must come
/// from our own page
/// (`Origin`, `Sec-Fetch-Site`) or from no browser at all, with a JSON body, which no foreign form can send.
[[nodiscard]] std::optional<Answer> refuse(const net::http1::RequestHead& head, Access access,
                                           const AccessRules& rules);

/// Whether two texts are equal, in a time that depends on their lengths alone.
[[nodiscard]] bool equal_in_constant_time(std::string_view left, std::string_view right);

}  // namespace tidegate::admin
