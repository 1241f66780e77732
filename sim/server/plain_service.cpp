// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/admin_api.h"
#include "sim/server/balance_api.h"
#include "sim/server/control_api.h"
#include "sim/server/exchange.h"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace tidegate::sim {

namespace json = boost::json;

namespace {

constexpr std::string_view kModels = "/v1/models";

json::value to_json(std::string_view text) { return json::value(json::string_view(text.data(), text.size())); }

json::object describe(const ModelInfo& model, Dialect dialect) {
  if (dialect == Dialect::OpenAi) {
    return {{"id", to_json(model.id)},
            {"object", "model"},
            {"created", 1'700'000'000},
            {"owned_by", model.vendor == Vendor::Anthropic ? "anthropic" : "openai"}};
  }
  return {{"type", "model"},
          {"id", to_json(model.id)},
          {"display_name", to_json(model.id)},
          {"created_at", "2026-01-01T00:00:00Z"},
          {"lifecycle", "active"},
          {"max_input_tokens", 1'000'000},
          {"max_tokens", 128'000}};
}

Reply list_models(Dialect dialect) {
  json::array data;
  for (const ModelInfo& model : known_models()) {
    if (dialect == Dialect::OpenAi || model.vendor == Vendor::Anthropic) data.push_back(describe(model, dialect));
  }
  if (dialect == Dialect::OpenAi)
    return {200, json::serialize(json::object{{"object", "list"}, {"data", std::move(data)}}), {}};
  const json::value first = data.front().at("id");
  const json::value last = data.back().at("id");
  return {200,
          json::serialize(
              json::object{{"data", std::move(data)}, {"has_more", false}, {"first_id", first}, {"last_id", last}}),
          {}};
}

Reply serve_models(const Request& request, Dialect dialect, std::string_view request_id) {
  if (request.path == kModels) return list_models(dialect);
  const std::string_view id = request.path.substr(kModels.size() + 1);
  const ModelInfo* model = find_model(id);
  if (model == nullptr)
    return error_reply({404, "not_found_error", fmt::format("model: {}", id), "model_not_found"}, dialect, request_id);
  return {200, json::serialize(describe(*model, dialect)), {}};
}

/// Batches and files have limits of requests of their own.
Reply serve_stored(Exchange& exchange, std::string_view group) {
  const auto refused = exchange.provider.admit_plain(exchange.started, exchange.caller, group);
  if (refused) return error_reply(*refused, Dialect::Anthropic, exchange.request_id);
  if (group == "batches") return exchange.library.serve_batches(exchange.request, exchange.caller, exchange.request_id);
  return exchange.library.serve_files(exchange.request, exchange.caller, exchange.request_id);
}

bool is_at(std::string_view path, std::string_view root) {
  return path == root || (path.starts_with(root) && path[root.size()] == '/');
}

/// The limits that a path counts against; empty: none.
std::string_view group_of(std::string_view path) {
  if (is_at(path, "/v1/messages/batches")) return "batches";
  return is_at(path, "/v1/files") ? "files" : std::string_view{};
}

Reply route(Exchange& exchange) {
  const Request& request = exchange.request;
  const Dialect dialect = exchange.dialect();
  const std::string_view path = request.path;
  if (path == "/api/hello" || path == "/") return {200, R"({"message":"hello"})", {}};
  if (path.starts_with("/v1/organizations/")) return serve_admin_api(exchange);
  if (is_at(path, kModels) && (request.method == "GET" || request.method == "HEAD")) {
    return serve_models(request, dialect, exchange.request_id);
  }
  if (path == "/v1/dashboard/billing/subscription" || path == "/v1/dashboard/billing/usage") return serve_balance_api(exchange);
  if (const std::string_view group = group_of(path); !group.empty()) return serve_stored(exchange, group);
  return error_reply({404, "not_found_error", "Not found"}, dialect, exchange.request_id);
}

}  // namespace

Reply serve_plain(Exchange& exchange) {
  if (exchange.request.path.starts_with("/sim/")) return serve_control_api(exchange);
  const auto faults = FaultSet::of(exchange.request, exchange.provider, exchange.started);
  std::optional<Reply> forced;
  if (faults) forced = faults->error_reply(exchange.dialect(), exchange.request_id);
  const std::string_view group = group_of(exchange.request.path);
  // Of what is forced only a limit's refusal tells how it stands.
  const bool tells_limits = !group.empty() && (!forced || forced->status == 429);
  Reply reply = forced ? *std::move(forced) : route(exchange);
  if (tells_limits) {
    reply.headers += exchange.provider.rate_limit_headers(exchange.started, exchange.caller, group,
                                                          RequestClass::Ordinary, Dialect::Anthropic);
  }
  reply.headers += exchange.identity_headers(exchange.dialect());
  return reply;
}

}  // namespace tidegate::sim
