// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/control_api.h"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace tidegate::sim {

namespace json = boost::json;

namespace {

Reply refuse(std::string detail) { return {400, json::serialize(json::object{{"error", std::move(detail)}}), {}}; }

Reply done() { return {200, R"({"ok":true})", {}}; }

/// A text, or a list of texts that are joined with commas.
std::string texts_of(const json::object& body, const char* name) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  std::string joined;
  if (!value->is_array()) return joined;
  for (const json::value& item : value->get_array()) {
    if (!joined.empty()) joined += ',';
    if (item.is_string()) joined += std::string_view(item.get_string().data(), item.get_string().size());
  }
  return joined;
}

Result<json::object> body_of(const Request& request) {
  json::error_code error;
  json::value body = json::parse({request.body.data(), request.body.size()}, error);
  if (error || !body.is_object())
    return fail(FailureKind::InvalidInput, Origin::Operator, "the body is not a JSON object");
  return std::move(body.get_object());
}

Reply set_faults(Exchange& exchange) {
  const auto body = body_of(exchange.request);
  if (!body) return refuse(body.error().detail);
  auto rules = parse_fault_rules(texts_of(*body, "faults"));
  if (!rules) return refuse(rules.error().detail);
  auto schedule = parse_schedule(texts_of(*body, "schedule"));
  if (!schedule) return refuse(schedule.error().detail);
  exchange.provider.set_faults(*std::move(rules), *std::move(schedule), exchange.started);
  return {200, json::serialize(exchange.provider.faults()), {}};
}

std::optional<double> number_of(const json::object& body, const char* name) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

/// `{"preset": "tier2", "requests": 50, "input_tokens": …, "output_tokens": …, "tokens": …, "concurrent": …,
/// "organisation": "org-a"}`: the preset first, then single figures over it.
Reply set_limits(Exchange& exchange) {
  const auto body = body_of(exchange.request);
  if (!body) return refuse(body.error().detail);
  const std::string preset = texts_of(*body, "preset");
  OrganisationLimits limits = exchange.provider.options().limits;
  if (!preset.empty()) {
    auto named = preset_limits(preset);
    if (!named) return refuse(named.error().detail);
    limits = *std::move(named);
  }
  GroupLimits& standard = limits.table.standard;
  if (const auto value = number_of(*body, "requests")) standard.requests = *value;
  if (const auto value = number_of(*body, "input_tokens")) standard.input_tokens = *value;
  if (const auto value = number_of(*body, "output_tokens")) standard.output_tokens = *value;
  if (const auto value = number_of(*body, "tokens")) standard.tokens = *value;
  if (const auto value = number_of(*body, "concurrent")) standard.concurrent = static_cast<int>(*value);
  exchange.provider.set_limits(limits, texts_of(*body, "organisation"));
  return done();
}

}  // namespace

Reply serve_control_api(Exchange& exchange) {
  const Request& request = exchange.request;
  const bool is_post = request.method == "POST";
  if (request.path == "/sim/stats" && !is_post) {
    return {200, json::serialize(exchange.provider.stats(request.parameter("charges") != "0")), {}};
  }
  if (request.path == "/sim/reset" && is_post) {
    exchange.upgrades.reset();
    exchange.provider.reset();
    return done();
  }
  if (request.path == "/sim/faults") {
    if (is_post) return set_faults(exchange);
    if (request.method == "DELETE") {
      exchange.provider.set_faults({}, {}, exchange.started);
      return done();
    }
    return {200, json::serialize(exchange.provider.faults()), {}};
  }
  if (request.path == "/sim/limits" && is_post) return set_limits(exchange);
  if (request.path == "/sim/upgrades") return exchange.upgrades.serve(request, exchange.started);
  return {404,
          R"({"error":"there are GET /sim/stats, POST /sim/reset, GET POST DELETE /sim/faults, POST /sim/limits, GET POST /sim/upgrades"})",
          {}};
}

}  // namespace tidegate::sim
