// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/admin_api.h"

#include "base/number.h"
#include "sim/model/model_catalog.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace tidegate::sim {

namespace json = boost::json;

namespace {

json::value text_or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

/// `2026-11-23T00%3A00%3A00Z` → `2026-11-23T00:00:00Z`.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ec == std::errc{}) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Values of `name[]=`, `name%5B%5D=` and `name=`.
std::set<std::string> list_parameter(const Request& request, std::string_view name) {
  std::set<std::string> values;
  for (const std::string& spelled : {fmt::format("{}[]", name), fmt::format("{}%5B%5D", name), std::string(name)}) {
    for (std::string_view value : request.parameters(spelled)) values.insert(decoded(value));
  }
  return values;
}

struct Window {
  WallTime from, to;
  Nanoseconds width;
  std::int64_t buckets;  ///< at most on one page
};

tl::expected<Window, ApiError> window_of(const Request& request, WallTime now, bool is_daily_only) {
  struct Width {
    std::string_view name;
    Nanoseconds width;
    std::int64_t usual, most;
  };
  constexpr Width widths[] = {{"1m", std::chrono::minutes(1), 60, 1440},
                              {"1h", std::chrono::hours(1), 24, 168},
                              {"1d", std::chrono::hours(24), 7, 31}};
  const std::string_view wanted =
      is_daily_only || request.parameter("bucket_width").empty() ? "1d" : request.parameter("bucket_width");
  const auto* width =
      std::find_if(std::begin(widths), std::end(widths), [&](const Width& item) { return item.name == wanted; });
  if (width == std::end(widths))
    return tl::unexpected(ApiError{400, "invalid_request_error", "bucket_width: Input should be '1m', '1h' or '1d'"});
  const auto from = parse_rfc3339(decoded(request.parameter("starting_at")));
  if (!from) return tl::unexpected(ApiError{400, "invalid_request_error", "starting_at: Field required"});
  const auto to = parse_rfc3339(decoded(request.parameter("ending_at")));
  Window window{
      *from, to ? *to : now, width->width,
      std::clamp<std::int64_t>(parse_integer(request.parameter("limit")).value_or(width->usual), 1, width->most)};
  // Buckets begin at whole minutes, hours, days of UTC.
  window.from -= Nanoseconds(window.from.time_since_epoch().count() % window.width.count());
  return window;
}

/// What one bucket groups by; empty where the request does not group by it.
struct Group {
  std::string model, workspace, tier;
  auto operator<=>(const Group&) const = default;
};

struct Sum {
  CacheUsage input;
  std::int64_t output = 0;
  Money cost;
};

using Grouped = std::map<Group, Sum>;

Grouped sum_up(const std::vector<Charge>& charges, const std::set<std::string>& by, const Request& request) {
  const std::set<std::string> models = list_parameter(request, "models");
  const std::set<std::string> workspaces = list_parameter(request, "workspace_ids");
  const bool by_model = by.contains("model") || by.contains("description");
  Grouped grouped;
  for (const Charge& charge : charges) {
    const ModelInfo* model = likely_model(charge.model);
    if (model != nullptr && model->vendor != Vendor::Anthropic) continue;  // another provider's books
    if (!models.empty() && !models.contains(charge.model)) continue;
    if (!workspaces.empty() && !workspaces.contains(charge.caller.workspace)) continue;
    Group group;
    if (by_model) group.model = charge.model;
    if (by.contains("workspace_id")) group.workspace = charge.caller.workspace;
    if (by.contains("service_tier")) group.tier = charge.service_tier;
    Sum& sum = grouped[group];
    sum.input.uncached += charge.input.uncached;
    sum.input.read += charge.input.read;
    sum.input.written_5m += charge.input.written_5m;
    sum.input.written_1h += charge.input.written_1h;
    sum.output += charge.output_tokens;
    sum.cost += charge.cost;
  }
  return grouped;
}

json::object usage_result(const Group& group, const Sum& sum) {
  return {{"uncached_input_tokens", sum.input.uncached},
          {"cache_read_input_tokens", sum.input.read},
          {"cache_creation", json::object{{"ephemeral_5m_input_tokens", sum.input.written_5m},
                                          {"ephemeral_1h_input_tokens", sum.input.written_1h}}},
          {"output_tokens", sum.output},
          {"server_tool_use", json::object{{"web_search_requests", 0}}},
          {"api_key_id", nullptr},
          {"workspace_id", text_or_null(group.workspace)},
          {"model", text_or_null(group.model)},
          {"service_tier", text_or_null(group.tier)},
          {"context_window", nullptr},
          {"inference_geo", nullptr}};
}

/// `amount` is a decimal string in cents (facts 6.2).
json::object cost_result(const Group& group, const Sum& sum) {
  const std::int64_t nano = sum.cost.nanodollars();
  constexpr std::int64_t nano_per_cent = 10'000'000;
  return {{"currency", "USD"},
          {"amount", fmt::format("{}.{:07}", nano / nano_per_cent, nano % nano_per_cent)},
          {"workspace_id", text_or_null(group.workspace)},
          {"description", group.model.empty() ? json::value(nullptr) : json::value(group.model + " Usage")},
          {"cost_type", group.model.empty() ? json::value(nullptr) : json::value("tokens")},
          {"context_window", nullptr},
          {"model", text_or_null(group.model)},
          {"service_tier", text_or_null(group.tier)},
          {"token_type", nullptr}};
}

using Describe = json::object (*)(const Group&, const Sum&);

Reply report(Exchange& exchange, std::string_view organisation, bool is_daily_only, Describe describe) {
  const auto window = window_of(exchange.request, exchange.started.wall, is_daily_only);
  if (!window) return error_reply(window.error(), Dialect::Anthropic, exchange.request_id);
  const std::set<std::string> by = list_parameter(exchange.request, "group_by");
  WallTime from = window->from;
  if (const auto page = parse_rfc3339(decoded(exchange.request.parameter("page")))) from = *page;
  json::array data;
  for (std::int64_t i = 0; i < window->buckets && from < window->to; ++i, from += window->width) {
    json::array results;
    for (const auto& [group, sum] :
         sum_up(exchange.provider.charges(organisation, from, from + window->width), by, exchange.request)) {
      results.push_back(describe(group, sum));
    }
    data.push_back(json::object{{"starting_at", to_rfc3339(from)},
                                {"ending_at", to_rfc3339(from + window->width)},
                                {"results", std::move(results)}});
  }
  const bool has_more = from < window->to;
  return {200,
          json::serialize(json::object{{"data", std::move(data)},
                                       {"has_more", has_more},
                                       {"next_page", has_more ? json::value(to_rfc3339(from)) : json::value(nullptr)}}),
          {}};
}

void add_limiter(json::array& limits, const char* type, const std::optional<double>& value) {
  if (value) limits.push_back(json::object{{"type", type}, {"value", static_cast<std::int64_t>(*value)}});
}

json::object limits_of_group(const std::string& group, const GroupLimits& limits, json::array models) {
  json::array list;
  add_limiter(list, "requests_per_minute", limits.requests);
  add_limiter(list, "input_tokens_per_minute_cache_aware", limits.input_tokens);
  add_limiter(list, "output_tokens_per_minute", limits.output_tokens);
  add_limiter(list, "tokens_per_minute", limits.tokens);
  const bool is_batch = group == "batches";
  const std::string type = is_batch                  ? "batch"
                           : group == "count_tokens" ? "token_count"
                           : group == "files"        ? "files"
                                                     : "model_group";
  return {{"type", "rate_limit"},
          {"group_type", type},
          {"group", json::object{{"type", type}, {"id", group}, {"display_name", group}}},
          {"models", models.empty() ? json::value(nullptr) : json::value(std::move(models))},
          {"limits", std::move(list)}};
}

Reply rate_limits(Exchange& exchange, std::string_view organisation, std::string_view workspace) {
  const OrganisationLimits limits = exchange.provider.limits_of(organisation);
  const auto own = limits.workspaces.find(workspace);
  if (!workspace.empty() && own == limits.workspaces.end()) {
    return {200, R"({"data":[],"has_more":false,"next_page":null})", {}};
  }
  const GroupLimitTable& table = workspace.empty() ? limits.table : own->second.table;
  std::map<std::string, json::array> models;
  for (const ModelInfo& model : known_models()) {
    if (model.vendor == Vendor::Anthropic)
      models[std::string(model.group)].push_back(json::value(json::string_view(model.id.data(), model.id.size())));
  }
  for (const char* group : {"batches", "count_tokens", "files"}) models[group];
  const std::string wanted_model = decoded(exchange.request.parameter("model"));
  const std::string wanted_type = decoded(exchange.request.parameter("group_type"));
  json::array data;
  for (auto& [group, ids] : models) {
    const bool has_model =
        std::any_of(ids.begin(), ids.end(), [&](const json::value& id) { return id.get_string() == wanted_model; });
    if (!wanted_model.empty() && !has_model) continue;
    json::object entry = limits_of_group(group, table.of(group), std::move(ids));
    if (!wanted_type.empty() && entry["group_type"].get_string() != wanted_type) continue;
    data.push_back(std::move(entry));
  }
  return {
      200, json::serialize(json::object{{"data", std::move(data)}, {"has_more", false}, {"next_page", nullptr}}), {}};
}

}  // namespace

Reply serve_admin_api(Exchange& exchange) {
  const Request& request = exchange.request;
  if (!exchange.provider.is_admin(request)) {
    return error_reply({403, "permission_error", "This endpoint requires an Admin API key."}, Dialect::Anthropic,
                       exchange.request_id);
  }
  std::string organisation(request.header("x-sim-organization"));
  if (organisation.empty()) organisation = exchange.provider.options().default_organisation;
  const std::string_view path = request.path;
  constexpr std::string_view workspaces = "/v1/organizations/workspaces/";
  if (request.method == "GET") {
    if (path == "/v1/organizations/usage_report/messages") return report(exchange, organisation, false, usage_result);
    if (path == "/v1/organizations/cost_report") return report(exchange, organisation, true, cost_result);
    if (path == "/v1/organizations/rate_limits") return rate_limits(exchange, organisation, {});
    if (path.starts_with(workspaces) && path.ends_with("/rate_limits")) {
      const std::string_view rest = path.substr(workspaces.size());
      return rate_limits(exchange, organisation, rest.substr(0, rest.find('/')));
    }
  }
  return error_reply({404, "not_found_error", "Not found"}, Dialect::Anthropic, exchange.request_id);
}

}  // namespace tidegate::sim
