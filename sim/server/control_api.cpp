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

/// What `POST /sim/limits` asks for.
struct LimitChange {
  std::string preset;        ///< empty: the limits as they are
  std::string organisation;  ///< empty: everyone's
  LimitFigures figures;
};

struct NumberField {
  std::string_view name;
  NumberRange range;
  std::optional<double> LimitFigures::*figure;
};

constexpr NumberField kNumberFields[] = {{"requests", kPerMinute, &LimitFigures::requests},
                                         {"input_tokens", kPerMinute, &LimitFigures::input_tokens},
                                         {"output_tokens", kPerMinute, &LimitFigures::output_tokens},
                                         {"tokens", kPerMinute, &LimitFigures::tokens},
                                         {"burst_seconds", kBurstSeconds, &LimitFigures::burst_seconds}};

tl::unexpected<Failure> invalid(std::string_view name, std::string_view wanted) {
  return fail(FailureKind::InvalidInput, Origin::Operator, fmt::format("{}: {}", name, wanted));
}

Result<double> number_of(std::string_view name, const json::value& value, NumberRange range) {
  if (value.is_number() && range.holds(value.to_number<double>())) return value.to_number<double>();
  return invalid(name, fmt::format("a number from {} to {} is wanted", range.least, range.most));
}

Result<void> take_text(std::string_view name, std::string_view text, LimitChange& change) {
  if (name == "preset") change.preset = text;
  if (name == "organisation") change.organisation = text;
  if (name != "fast" && name != "priority") return {};
  const auto rates = name == "fast" ? parse_rates(text) : parse_token_rates(text);
  if (!rates) return invalid(name, rates.error().detail);
  (name == "fast" ? change.figures.fast : change.figures.priority) = *rates;
  return {};
}

Result<void> take_field(std::string_view name, const json::value& value, LimitChange& change) {
  for (const NumberField& field : kNumberFields) {
    if (field.name != name) continue;
    const auto number = number_of(name, value, field.range);
    if (!number) return fail(number);
    change.figures.*field.figure = *number;
    return {};
  }
  if (name == "concurrent") {
    const auto number = number_of(name, value, kConcurrent);
    if (!number) return fail(number);
    change.figures.concurrent = static_cast<int>(*number);
    return {};
  }
  if (name == "ramp" || name == "reserve_output") {
    if (!value.is_bool()) return invalid(name, "true or false is wanted");
    (name == "ramp" ? change.figures.has_ramp : change.figures.reserves_output) = value.get_bool();
    return {};
  }
  if (name == "preset" || name == "organisation" || name == "fast" || name == "priority") {
    if (!value.is_string()) return invalid(name, "a text is wanted");
    return take_text(name, {value.get_string().data(), value.get_string().size()}, change);
  }
  return invalid(
      name,
      "no such field; there are preset, organisation, requests, input_tokens, output_tokens, tokens, concurrent, "
      "burst_seconds, ramp, reserve_output, fast, priority");
}

Result<LimitChange> read_limit_change(const json::object& body) {
  LimitChange change;
  for (const auto& field : body) {
    if (auto taken = take_field({field.key().data(), field.key().size()}, field.value(), change); !taken)
      return fail(taken);
  }
  return change;
}

/// sim/README.md has the fields: the preset first, then single figures over it.
Reply set_limits(Exchange& exchange) {
  const auto body = body_of(exchange.request);
  if (!body) return refuse(body.error().detail);
  const auto change = read_limit_change(*body);
  if (!change) return refuse(change.error().detail);
  OrganisationLimits limits = exchange.provider.own_limits(change->organisation);
  if (!change->preset.empty()) {
    auto named = preset_limits(change->preset);
    if (!named) return refuse(named.error().detail);
    // What no preset speaks of stays: workspaces, fast mode, what was bought, the customer's own spend limits.
    limits.table = std::move(named->table);
    limits.batches = named->batches;
    limits.tier_spend_cap = named->tier_spend_cap;
  }
  change->figures.apply_to(limits);
  exchange.provider.set_limits(limits, change->organisation);
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
