// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/url.h"

#include "base/ascii.h"
#include "base/number.h"

#include <fmt/format.h>

namespace tidegate::net {

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
  return port == (tls ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}

Result<Url> parse_url(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(FailureKind::InvalidInput, Origin::Operator, fmt::format("'{}' is not a usable URL: {}", text, why));
  };
  Url url;
  std::string_view rest = text;
  if (starts_with_ignoring_case(rest, "https://")) {
    url.tls = true;
    rest.remove_prefix(8);
  } else if (starts_with_ignoring_case(rest, "http://")) {
    rest.remove_prefix(7);
  } else {
    return refuse("it must start with http:// or https://");
  }
  if (rest.find_first_of("?#") != std::string_view::npos) return refuse("it must have no query or fragment");
  if (rest.find_first_of(" \t\r\n\"<>\\") != std::string_view::npos) return refuse("it contains a character that is not allowed");
  std::string_view authority = rest.substr(0, rest.find('/'));
  std::string_view path = rest.substr(authority.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  url.path = path;
  if (authority.find('@') != std::string_view::npos) return refuse("put credentials under keys:, not into the URL");
  url.port = url.tls ? 443 : 80;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return refuse("the bracket of the address is not closed");
    url.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
  } else {
    url.host = authority.substr(0, authority.find(':'));
    authority.remove_prefix(url.host.size());
  }
  if (url.host.empty()) return refuse("the host is missing");
  if (!authority.empty()) {
    const auto port = parse_integer<std::uint16_t>(authority.substr(1));
    if (authority[0] != ':' || !port || *port == 0) return refuse("the port is not a number from 1 to 65535");
    url.port = *port;
  }
  return url;
}

}  // namespace tidegate::net
