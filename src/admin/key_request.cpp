// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/key_request.h"

#include "admin/allowance_request.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <string>

namespace tidegate::admin {

namespace json = boost::json;

namespace {

tl::unexpected<Failure> wrong(std::string what) {
  return fail(FailureKind::InvalidInput, Origin::Client, std::move(what));
}

Result<std::string> text_of(std::string_view name, const json::value& value) {
  if (!value.is_string()) return wrong(fmt::format("'{}' must be a string", name));
  return std::string(value.get_string());
}

Result<void> take(std::string_view name, const json::value& value, WallTime now, store::NewKey& wanted) {
  if (name == "models") {
    if (!value.is_array()) return wrong("'models' must be an array of strings such as \"claude-haiku-*\"");
    for (const json::value& model : value.get_array()) {
      auto text = text_of("models", model);
      if (!text) return fail(text);
      wanted.allowed_models.push_back(std::move(*text));
    }
    return {};
  }
  if (name == "labels") {
    if (!value.is_object()) return wrong("'labels' must be an object of strings");
    for (const auto& [label, content] : value.get_object()) {
      auto text = text_of("labels", content);
      if (!text) return fail(text);
      wanted.labels[std::string(label)] = std::move(*text);
    }
    return {};
  }
  const auto limits = read_allowance_member(name, value, wanted.allowance);
  if (!limits) return fail(limits);
  if (*limits) return {};
  if (name != "name" && name != "tenant" && name != "ttl") {
    return wrong(fmt::format("'{}' is no member of a key; there are: name, tenant, ttl, models, labels, {}", name,
                             kAllowanceMembers));
  }
  auto text = text_of(name, value);
  if (!text) return fail(text);
  if (name == "name") {
    wanted.name = std::move(*text);
  } else if (name == "tenant") {
    wanted.tenant = TenantId(std::move(*text));
  } else {
    const auto ttl = parse_duration(*text);
    if (!ttl || *ttl <= Nanoseconds(0))
      return wrong(fmt::format("'ttl': '{}' is no duration such as 1h, 30m or 90d", *text));
    wanted.expires_at = now + *ttl;
  }
  return {};
}

}  // namespace

Result<store::NewKey> read_key_request(std::string_view body, WallTime now) {
  boost::system::error_code error;
  const json::value parsed = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !parsed.is_object())
    return wrong("The body must be a JSON object such as {\"name\":\"ci\",\"tenant\":\"default\"}.");
  store::NewKey wanted;
  wanted.tenant = TenantId("default");
  for (const auto& [name, value] : parsed.get_object()) {
    if (Result<void> taken = take(name, value, now, wanted); !taken) return fail(taken);
  }
  if (wanted.name.empty()) return wrong("'name' is missing: whose key it is, what it is for");
  return wanted;
}

}  // namespace tidegate::admin
