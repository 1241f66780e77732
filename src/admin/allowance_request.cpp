// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/allowance_request.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace tidegate::admin {

namespace json = boost::json;

namespace {

tl::unexpected<Failure> wrong(std::string what) {
  return fail(FailureKind::InvalidInput, Origin::Client, std::move(what));
}

Result<void> read_number(std::string_view name, const json::value& value, std::int64_t least,
                         std::optional<std::int64_t>& into) {
  if (!value.is_int64() || value.get_int64() < least) {
    return wrong(fmt::format("'{}' must be a whole number from {} on", name, least));
  }
  into = value.get_int64();
  return {};
}

/// A word that `named` knows.
template <typename Word, typename Named>
Result<void> read_word(std::string_view name, const json::value& value, std::string_view words,
                       std::optional<Word>& into, Named named) {
  into = value.is_string() ? named(std::string_view(value.get_string())) : std::nullopt;
  if (!into) return wrong(fmt::format("'{}' must be {}", name, words));
  return {};
}

Result<void> read_budgets(const json::value& value, quota::Allowance& allowance) {
  if (!value.is_array()) return wrong("'budgets' must be an array of strings such as \"5.00/day\"");
  for (const json::value& one : value.get_array()) {
    if (!one.is_string()) return wrong("'budgets' must be an array of strings such as \"5.00/day\"");
    const auto budget = quota::parse_budget(std::string_view(one.get_string()));
    if (!budget) return wrong("'budgets': " + budget.error().detail);
    put(allowance, *budget);
  }
  return {};
}

std::optional<Nanoseconds> wait_named(std::string_view text) {
  const auto length = parse_duration(text);
  return length && *length >= Nanoseconds(0) ? std::optional(*length) : std::nullopt;
}

Result<json::object> parse_object(std::string_view body) {
  boost::system::error_code error;
  json::value parsed = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !parsed.is_object())
    return wrong("The body must be a JSON object such as {\"budgets\":[\"5.00/day\"],\"requests_per_minute\":60}.");
  return std::move(parsed.get_object());
}

}  // namespace

Result<bool> read_allowance_member(std::string_view name, const json::value& value, quota::Allowance& allowance) {
  Result<void> taken;
  if (name == "budgets") {
    taken = read_budgets(value, allowance);
  } else if (name == "requests_per_minute") {
    taken = read_number(name, value, 0, allowance.requests_per_minute);
  } else if (name == "tokens_per_minute") {
    taken = read_number(name, value, 0, allowance.tokens_per_minute);
  } else if (name == "priority") {
    taken = read_word(name, value, "\"interactive\" or \"batch\"", allowance.priority, quota::priority_named);
  } else if (name == "weight") {
    taken = read_number(name, value, 1, allowance.weight);
  } else if (name == "reserve") {
    taken = read_word(name, value, "\"worst_case\" or \"learned\"", allowance.reserve, quota::reserve_mode_named);
  } else if (name == "max_wait") {
    taken = read_word(name, value, "a duration such as \"30s\"", allowance.max_wait, wait_named);
  } else {
    return false;
  }
  if (!taken) return fail(taken);
  return true;
}

Result<quota::Allowance> read_allowance_request(std::string_view body) {
  const auto members = parse_object(body);
  if (!members) return fail(members);
  quota::Allowance allowance;
  for (const auto& [name, value] : *members) {
    const auto known = read_allowance_member(name, value, allowance);
    if (!known) return fail(known);
    if (!*known) {
      return wrong(fmt::format("'{}' is nothing that a key may take; there are: {}", std::string_view(name),
                               kAllowanceMembers));
    }
  }
  return allowance;
}

Result<store::Tenant> read_tenant_request(std::string_view id, std::string_view body) {
  const auto members = parse_object(body);
  if (!members) return fail(members);
  store::Tenant tenant{TenantId(id), std::string(id), {}};
  for (const auto& [name, value] : *members) {
    if (name == "name") {
      if (!value.is_string()) return wrong("'name' must be a string");
      tenant.name = value.get_string();
      continue;
    }
    if (name == "providers") {
      if (!value.is_array()) return wrong("'providers' must be an array of the names of providers");
      for (const json::value& provider : value.get_array()) {
        if (!provider.is_string()) return wrong("'providers' must be an array of the names of providers");
        tenant.providers.emplace_back(provider.get_string());
      }
      continue;
    }
    const auto known = read_allowance_member(name, value, tenant.allowance);
    if (!known) return fail(known);
    if (!*known) {
      return wrong(fmt::format("'{}' is no member of a tenant; there are: name, providers, {}", std::string_view(name),
                               kAllowanceMembers));
    }
  }
  return tenant;
}

}  // namespace tidegate::admin
