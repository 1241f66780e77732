// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/admin_api.h"

#include "base/number.h"
#include "sim/model/model_catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

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

ApiError invalid(std::string message) { return {400, "invalid_request_error", std::move(message)}; }

ApiError not_one_of(std::string_view parameter, const std::vector<std::string_view>& allowed) {
  return invalid(fmt::format("{}: Input should be '{}'", parameter, fmt::join(allowed, "', '")));
}

struct Window {
  WallTime from, to;
  Nanoseconds width;
  std::int64_t buckets;  ///< at most on one page
};

struct Width {
  std::string_view name;
  Nanoseconds width;
  std::int64_t usual, most;  ///< buckets on one page
};

constexpr Width kWidths[] = {{"1d", std::chrono::hours(24), 7, 31},  // the usual one first
                             {"1h", std::chrono::hours(1), 24, 168},
                             {"1m", std::chrono::minutes(1), 60, 1440}};

tl::expected<Window, ApiError> window_of(const Request& request, WallTime now, std::span<const Width> widths) {
  const std::string_view wanted = request.parameter("bucket_width");
  const auto width = std::find_if(widths.begin(), widths.end(),
                                  [&](const Width& item) { return wanted.empty() || item.name == wanted; });
  if (width == widths.end()) {
    std::vector<std::string_view> names;
    for (const Width& item : widths) names.push_back(item.name);
    return tl::unexpected(not_one_of("bucket_width", names));
  }
  const auto from = parse_rfc3339(decoded(request.parameter("starting_at")));
  if (!from) return tl::unexpected(invalid("starting_at: Field required"));
  const auto to = parse_rfc3339(decoded(request.parameter("ending_at")));
  Window window{
      *from, to ? *to : now, width->width,
      std::clamp<std::int64_t>(parse_integer(request.parameter("limit")).value_or(width->usual), 1, width->most)};
  // Buckets begin at whole minutes, hours, days of UTC.
  window.from -= Nanoseconds(window.from.time_since_epoch().count() % window.width.count());
  return window;
}

/// Where a charge stands in every dimension; of one line of a report only what the request groups by, the rest empty.
struct Place {
  std::string model, workspace, tier, speed, geo, context;
  std::string unknown;  ///< the books have no ids of keys and accounts
  auto operator<=>(const Place&) const = default;
};

Place place_of(const Charge& charge) {
  return {charge.model,
          charge.caller.workspace,
          charge.service_tier,
          charge.speed,
          charge.inference_geo,
          charge.input.total() > 200'000 ? "200k-1M" : "0-200k",
          {}};
}

/// What a report can be grouped and filtered by (facts 6.2).
struct Dimension {
  std::string_view group_by;
  std::string_view filter;  ///< its query parameter; empty: there is none
  std::string Place::*member;
  std::vector<std::string_view> values = {};  ///< a filter takes; empty: any
};

const std::vector<Dimension>& usage_dimensions() {
  static const std::vector<Dimension> dimensions{
      {"account_id", "", &Place::unknown},
      {"api_key_id", "api_key_ids", &Place::unknown},
      {"context_window", "context_window", &Place::context, {"0-200k", "200k-1M"}},
      {"inference_geo", "inference_geos", &Place::geo},
      {"model", "models", &Place::model},
      {"service_account_id", "", &Place::unknown},
      {"service_tier",
       "service_tiers",
       &Place::tier,
       {"standard", "batch", "priority", "priority_on_demand", "flex", "flex_discount"}},
      {"speed", "speeds", &Place::speed, {"standard", "fast"}},
      {"workspace_id", "workspace_ids", &Place::workspace},
  };
  return dimensions;
}

const std::vector<Dimension>& cost_dimensions() {
  static const std::vector<Dimension> dimensions{
      {"description", "", &Place::model},
      {"workspace_id", "", &Place::workspace},
  };
  return dimensions;
}

/// Which charges a report is about, and what it tells apart.
struct Selection {
  bool has_priority_tier = true;
  std::vector<std::string Place::*> by;
  std::vector<std::pair<std::string Place::*, std::set<std::string>>> filters;

  [[nodiscard]] bool takes(const Place& place) const {
    if (!has_priority_tier && place.tier == "priority") return false;
    return std::all_of(filters.begin(), filters.end(),
                       [&](const auto& filter) { return filter.second.contains(place.*filter.first); });
  }
  [[nodiscard]] Place line_of(const Place& place) const {
    Place line;
    for (const auto member : by) line.*member = place.*member;
    return line;
  }
};

/// `group_by[]` and `group_by%5B%5D` → `group_by`.
std::string_view without_brackets(std::string_view name) {
  return name.substr(0, std::min(name.find('['), name.find('%')));
}

/// A misspelt parameter would give everybody's usage in the place of what was asked for.
std::optional<ApiError> refuse_unknown(const Request& request, const std::vector<Dimension>& dimensions) {
  for (const std::string_view parameter : request.parameter_names()) {
    const std::string_view name = without_brackets(parameter);
    constexpr std::array<std::string_view, 6> always{"starting_at", "ending_at", "bucket_width",
                                                     "group_by",    "limit",     "page"};
    const bool is_known =
        std::find(always.begin(), always.end(), name) != always.end() ||
        std::any_of(dimensions.begin(), dimensions.end(), [&](const Dimension& item) { return item.filter == name; });
    if (!is_known) return invalid(fmt::format("{}: Extra inputs are not permitted", name));
  }
  return std::nullopt;
}

tl::expected<Selection, ApiError> selection_of(const Request& request, const std::vector<Dimension>& dimensions) {
  if (auto refused = refuse_unknown(request, dimensions)) return tl::unexpected(*std::move(refused));
  Selection selection;
  for (const std::string& wanted : list_parameter(request, "group_by")) {
    const auto found = std::find_if(dimensions.begin(), dimensions.end(),
                                    [&](const Dimension& item) { return item.group_by == wanted; });
    if (found == dimensions.end()) {
      std::vector<std::string_view> names;
      for (const Dimension& item : dimensions) names.push_back(item.group_by);
      return tl::unexpected(not_one_of("group_by", names));
    }
    selection.by.push_back(found->member);
  }
  for (const Dimension& dimension : dimensions) {
    if (dimension.filter.empty()) continue;
    std::set<std::string> wanted = list_parameter(request, dimension.filter);
    if (wanted.empty()) continue;
    const bool is_allowed = std::all_of(wanted.begin(), wanted.end(), [&](const std::string& value) {
      return dimension.values.empty() ||
             std::find(dimension.values.begin(), dimension.values.end(), value) != dimension.values.end();
    });
    if (!is_allowed) return tl::unexpected(not_one_of(dimension.filter, dimension.values));
    selection.filters.emplace_back(dimension.member, std::move(wanted));
  }
  return selection;
}

struct Sum {
  CacheUsage input;
  std::int64_t output = 0;
  Money cost;
};

using Grouped = std::map<Place, Sum>;

Grouped sum_up(const std::vector<Charge>& charges, const Selection& selection) {
  Grouped grouped;
  for (const Charge& charge : charges) {
    const ModelInfo* model = likely_model(charge.model);
    if (model != nullptr && model->vendor != Vendor::Anthropic) continue;  // another provider's books
    const Place place = place_of(charge);
    if (!selection.takes(place)) continue;
    Sum& sum = grouped[selection.line_of(place)];
    sum.input.uncached += charge.input.uncached;
    sum.input.read += charge.input.read;
    sum.input.written_5m += charge.input.written_5m;
    sum.input.written_1h += charge.input.written_1h;
    sum.output += charge.output_tokens;
    sum.cost += charge.cost;
  }
  return grouped;
}

json::object usage_result(const Place& line, const Sum& sum) {
  return {{"uncached_input_tokens", sum.input.uncached},
          {"cache_read_input_tokens", sum.input.read},
          {"cache_creation", json::object{{"ephemeral_5m_input_tokens", sum.input.written_5m},
                                          {"ephemeral_1h_input_tokens", sum.input.written_1h}}},
          {"output_tokens", sum.output},
          {"server_tool_use", json::object{{"web_search_requests", 0}}},
          {"account_id", nullptr},
          {"api_key_id", nullptr},
          {"service_account_id", nullptr},
          {"workspace_id", text_or_null(line.workspace)},
          {"model", text_or_null(line.model)},
          {"service_tier", text_or_null(line.tier)},
          {"speed", text_or_null(line.speed)},
          {"context_window", text_or_null(line.context)},
          {"inference_geo", text_or_null(line.geo)}};
}

/// `amount` is a decimal string in cents (facts 6.2).
json::object cost_result(const Place& line, const Sum& sum) {
  const std::int64_t nano = sum.cost.nanodollars();
  constexpr std::int64_t nano_per_cent = 10'000'000;
  return {{"currency", "USD"},
          {"amount", fmt::format("{}.{:07}", nano / nano_per_cent, nano % nano_per_cent)},
          {"workspace_id", text_or_null(line.workspace)},
          {"description", line.model.empty() ? json::value(nullptr) : json::value(line.model + " Usage")},
          {"cost_type", line.model.empty() ? json::value(nullptr) : json::value("tokens")},
          {"context_window", nullptr},
          {"model", text_or_null(line.model)},
          {"service_tier", nullptr},
          {"token_type", nullptr}};
}

struct ReportKind {
  std::span<const Width> widths;
  const std::vector<Dimension>& (*dimensions)();
  json::object (*describe)(const Place&, const Sum&);
  bool has_priority_tier;
};

constexpr ReportKind kUsageReport{kWidths, usage_dimensions, usage_result, true};
constexpr ReportKind kCostReport{std::span(kWidths).first(1), cost_dimensions, cost_result, false};

Reply report(Exchange& exchange, std::string_view organisation, const ReportKind& kind) {
  auto selection = selection_of(exchange.request, kind.dimensions());
  if (!selection) return error_reply(selection.error(), Dialect::Anthropic, exchange.request_id);
  selection->has_priority_tier = kind.has_priority_tier;
  const auto window = window_of(exchange.request, exchange.started.wall, kind.widths);
  if (!window) return error_reply(window.error(), Dialect::Anthropic, exchange.request_id);
  WallTime from = window->from;
  if (const auto page = parse_rfc3339(decoded(exchange.request.parameter("page")))) from = *page;
  json::array data;
  for (std::int64_t i = 0; i < window->buckets && from < window->to; ++i, from += window->width) {
    json::array results;
    for (const auto& [line, sum] :
         sum_up(exchange.provider.charges(organisation, from, from + window->width), *selection)) {
      results.push_back(kind.describe(line, sum));
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

json::object limits_of_group(const std::string& group, const GroupLimits& limits, const GroupLimits* fast,
                             json::array models) {
  json::array list;
  add_limiter(list, "requests_per_minute", limits.requests);
  add_limiter(list, "input_tokens_per_minute_cache_aware", limits.input_tokens);
  add_limiter(list, "output_tokens_per_minute", limits.output_tokens);
  add_limiter(list, "tokens_per_minute", limits.tokens);
  if (fast != nullptr) {
    add_limiter(list, "fast_itpmca", fast->input_tokens);
    add_limiter(list, "fast_otpm", fast->output_tokens);
  }
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
    const bool has_fast = workspace.empty() && limits.fast && !is_endpoint_group(group);
    json::object entry = limits_of_group(group, table.of(group), has_fast ? &*limits.fast : nullptr, std::move(ids));
    if (group == "batches" && workspace.empty() && limits.batches) {
      entry["limits"].get_array().push_back(
          json::object{{"type", "enqueued_batch_requests"}, {"value", limits.batches->queued}});
    }
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
    if (path == "/v1/organizations/usage_report/messages") return report(exchange, organisation, kUsageReport);
    if (path == "/v1/organizations/cost_report") return report(exchange, organisation, kCostReport);
    if (path == "/v1/organizations/rate_limits") return rate_limits(exchange, organisation, {});
    if (path.starts_with(workspaces) && path.ends_with("/rate_limits")) {
      const std::string_view rest = path.substr(workspaces.size());
      return rate_limits(exchange, organisation, rest.substr(0, rest.find('/')));
    }
  }
  return error_reply({404, "not_found_error", "Not found"}, Dialect::Anthropic, exchange.request_id);
}

}  // namespace tidegate::sim
