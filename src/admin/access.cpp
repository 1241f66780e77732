// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/access.h"

#include "base/ascii.h"
#include "net/address.h"

#include <string>

namespace tidegate::admin {

namespace {

std::optional<std::string_view> field(const net::http1::RequestHead& head, std::string_view name) {
  for (const HeaderField& field : head.fields) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

/// The host's name without the port.
std::string_view name_of(std::string_view host) {
  if (host.starts_with('[') && host.find(']') != std::string_view::npos) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool is_this_machine(std::string_view host) {
  std::string_view name = name_of(host);
  if (equals_ignoring_case(name, "localhost")) return true;
  if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
  const auto address = net::parse_address(std::string(name), 0);
  return address && address->is_loopback();
}

bool has_token(const net::http1::RequestHead& head, const Secret& token) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto value = head.find(net::http1::FieldClass::Authorization);
  if (!value || value->size() < kScheme.size() || !equals_ignoring_case(value->substr(0, kScheme.size()), kScheme))
    return false;
  return equal_in_constant_time(value->substr(kScheme.size()), token.reveal());
}

/// Whether the browser says that another site's page asks.
bool is_foreign(const net::http1::RequestHead& head) {
  if (const auto site = field(head, "sec-fetch-site"); site && *site != "same-origin" && *site != "none") return true;
  const auto origin = field(head, "origin");
  if (!origin) return false;
  const std::size_t scheme = origin->find("://");
  return scheme == std::string_view::npos || !equals_ignoring_case(origin->substr(scheme + 3), head.host);
}

}  // namespace

bool equal_in_constant_time(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  unsigned difference = 0;
  for (std::size_t at = 0; at < left.size(); ++at) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(left[at]) ^ static_cast<unsigned char>(right[at]));
  }
  return difference == 0;
}

std::optional<Answer> refuse(const net::http1::RequestHead& head, Access access, const AccessRules& rules) {
  if (access == Access::Signed) return std::nullopt;
  if (rules.loopback && rules.token.empty() && !is_this_machine(head.host)) {
    return error_answer(
        403, "foreign_host",
        "This listener serves only the names of this machine (localhost, 127.0.0.1, [::1]), so that no web page "
        "can reach it under a name of its own. Use one of them, or set `admin.token`.");
  }
  if (access == Access::Public) return std::nullopt;
  if (!rules.token.empty() && !has_token(head, rules.token)) {
    Answer answer = error_answer(401, "token", "Give the admin token: `authorization: Bearer TOKEN`.");
    answer.fields.emplace_back("www-authenticate", "Bearer realm=\"tidegate\"");
    return answer;
  }
  if (access != Access::Change) return std::nullopt;
  if (is_foreign(head)) {
    return error_answer(403, "foreign_origin", "A page of another site may change nothing here.");
  }
  const auto type = head.find(net::http1::FieldClass::ContentType).value_or("");
  if (head.method == "POST" && !equals_ignoring_case(type.substr(0, type.find(';')), "application/json")) {
    return error_answer(415, "content_type", "Send `content-type: application/json`.");
  }
  return std::nullopt;
}

}  // namespace tidegate::admin
