// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/provider_limits.h"

#include "llm/model_group.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

namespace tidegate::app {

namespace json = boost::json;

namespace {

tl::unexpected<Failure> unreadable(std::string_view what) {
  return fail(FailureKind::Protocol, Origin::Upstream,
              fmt::format("the Admin API's rate limits cannot be read: {}; is it Anthropic's?", what));
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view{};
}

std::optional<quota::Dimension> dimension_of(std::string_view type) {
  if (type == "requests_per_minute") return quota::Dimension::Requests;
  if (type == "input_tokens_per_minute" || type == "input_tokens_per_minute_cache_aware") return quota::Dimension::Input;
  if (type == "output_tokens_per_minute") return quota::Dimension::Output;
  if (type == "tokens_per_minute") return quota::Dimension::Tokens;
  return std::nullopt;
}

/// The rooms' groups that an entry speaks of.
std::set<std::string> groups_of(const json::object& entry) {
  const std::string_view type = text_of(entry, "group_type");
  if (type == "batch") return {"batches"};
  if (type == "token_count") return {"count_tokens"};
  std::set<std::string> groups;
  const json::value* models = entry.if_contains("models");
  if (models == nullptr || !models->is_array()) return groups;
  for (const json::value& model : models->get_array()) {
    if (model.is_string()) groups.insert(llm::model_group(llm::Endpoint::Messages, std::string_view(model.get_string()), {}));
  }
  return groups;
}

}  // namespace

Result<ProviderLimits> read_provider_limits(std::string_view page) {
  boost::system::error_code error;
  const json::value body = json::parse(page, error);
  if (error) return unreadable("it is no JSON");
  const json::value* data = body.is_object() ? body.get_object().if_contains("data") : nullptr;
  if (data == nullptr || !data->is_array()) return unreadable("it has no 'data'");
  ProviderLimits found;
  for (const json::value& entry : data->get_array()) {
    const json::value* limits = entry.is_object() ? entry.get_object().if_contains("limits") : nullptr;
    if (limits == nullptr || !limits->is_array()) return unreadable("a group has no 'limits'");
    for (const std::string& group : groups_of(entry.get_object())) {
      quota::GroupLimits& known = found[group];
      for (const json::value& limit : limits->get_array()) {
        if (!limit.is_object()) return unreadable("a limit is no object");
        const auto dimension = dimension_of(text_of(limit.get_object(), "type"));
        const json::value* value = limit.get_object().if_contains("value");
        const bool is_daily = text_of(limit.get_object(), "type") == "tokens_per_day";
        if ((!dimension && !is_daily) || value == nullptr || !value->is_number()) continue;
        const auto figure = value->to_number<double>();
        if (!(figure > 0)) continue;
        std::optional<double>& stands = dimension ? known.limits[*dimension] : known.periods[quota::PeriodDimension::TokensPerDay];
        stands = stands ? std::min(*stands, figure) : figure;
      }
    }
  }
  return found;
}

Result<ProviderLimits> fetch_provider_limits(const AdminApi& api) {
  auto page = get_admin_page(api, "/v1/organizations/rate_limits");
  if (!page) return fail(page);
  return read_provider_limits(*page);
}

}  // namespace tidegate::app
