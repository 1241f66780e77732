// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/url.h"

#include "base/ascii.h"
#include "base/number.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>

namespace tidegate::config {

namespace {

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  for (const char c : host) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    if (!good) return false;
  }
  return true;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return std::nullopt;
  }
  Url url{.scheme = lower(text.substr(0, colon)), .user = {}, .host = {}, .path = {}};
  std::string_view rest = text.substr(colon + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  rest.remove_prefix(authority_end);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.user = std::string(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  url.port = url.scheme == "https" ? 443 : url.scheme == "redis" ? 6'379 : 80;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    url.host = std::string(authority.substr(1, bracket - 1));
    if (!is_address(url.host)) return std::nullopt;
    port = authority.substr(bracket + 1);
  } else {
    const std::size_t mark = std::min(authority.find(':'), authority.size());
    url.host = lower(authority.substr(0, mark));
    if (!is_host(url.host)) return std::nullopt;
    port = authority.substr(mark);
  }
  if (!port.empty()) {
    if (port.front() != ':') return std::nullopt;
    const auto number = parse_integer<std::uint16_t>(port.substr(1));
    if (!number || *number == 0) return std::nullopt;
    url.port = *number;
  }
  const std::size_t path_end = std::min(rest.find_first_of("?#"), rest.size());
  url.path = std::string(rest.substr(0, path_end));
  url.has_query = rest.find('?') != std::string_view::npos;
  url.has_fragment = rest.find('#') != std::string_view::npos;
  return url;
}

std::optional<HostPort> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_integer<std::uint16_t>(text.substr(colon + 1));
  if (!port) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return std::nullopt;
  std::string name = host == "localhost" ? "127.0.0.1" : std::string(host);
  if (!is_address(name)) return std::nullopt;
  return HostPort{.host = std::move(name), .port = *port};
}

std::string address_text(std::string_view host, std::uint16_t port) {
  return host.find(':') == std::string_view::npos ? fmt::format("{}:{}", host, port)
                                                  : fmt::format("[{}]:{}", host, port);
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") && is_address(std::string(host));
}

}  // namespace tidegate::config
