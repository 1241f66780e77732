// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/forecast_view.h"

#include "base/number.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate::admin {

namespace json = boost::json;

namespace {

/// Six significant digits.
double rounded(double figure) {
  if (figure == 0 || !std::isfinite(figure)) return 0;
  const double digits = 5 - std::floor(std::log10(std::abs(figure)));
  // Whole powers of ten alone, which are exact: else 83.6 would become 83.60000000000001.
  const double scale = std::pow(10, std::abs(digits));
  return digits >= 0 ? std::round(figure * scale) / scale : std::round(figure / scale) * scale;
}

/// Shares of the limit; four digits tell more than anybody reads.
json::value view(const monitor::ForecastParts& parts) {
  const auto share = [](double value) { return std::round(value * 10'000) / 10'000; };
  return json::object{{"level", share(parts.level)},
                      {"momentum", share(parts.momentum)},
                      {"usual_change", share(parts.usual_change)},
                      {"pull", share(parts.pull)},
                      {"unrest", share(parts.unrest)}};
}

json::value view(const monitor::LimitForecast& forecast) {
  const monitor::Exhaustion& exhaustion = forecast.exhaustion;
  json::object out{{"limit", forecast.limit.limit},
                   {"kind", to_string(forecast.limit.kind)},
                   {"capacity", rounded(forecast.limit.capacity)},
                   {"remaining", rounded(forecast.limit.remaining)},
                   {"probability", std::round(exhaustion.probability * 10'000) / 10'000},
                   {"first_crossing_minutes", nullptr},
                   {"reason", exhaustion.reason}};
  if (exhaustion.first_crossing) out["first_crossing_minutes"] = *exhaustion.first_crossing;
  // Of a budget they are amounts, and its reason does not name them.
  if (forecast.limit.kind == monitor::LimitKind::Rate && exhaustion.outlook == monitor::Exhaustion::Outlook::Foreseen)
    out["parts"] = view(exhaustion.parts);
  if (exhaustion.minutes_to_exhaustion) out["minutes_to_exhaustion"] = *exhaustion.minutes_to_exhaustion;
  return out;
}

json::value view(const monitor::SeriesForecast& series) {
  json::array recent;
  for (const double value : series.recent) recent.push_back(rounded(value));
  json::array points;
  for (const monitor::QuantilePoint& point : series.points) {
    points.push_back(json::object{{"minutes", point.minutes},
                                  {"p10", rounded(point.p10)},
                                  {"p50", rounded(point.p50)},
                                  {"p90", rounded(point.p90)}});
  }
  json::array limits;
  for (const monitor::LimitForecast& limit : series.limits) limits.push_back(view(limit));
  return json::object{{"scope", to_string(series.of.scope)},  {"name", series.of.name},
                      {"measure", to_string(series.measure)}, {"has_enough_history", series.has_enough_history},
                      {"now", rounded(series.now)},           {"recent", std::move(recent)},
                      {"points", std::move(points)},          {"exhaustion", std::move(limits)}};
}

}  // namespace

Result<ForecastRequest> read_forecast_request(const Parameters& parameters, int usual_horizon) {
  ForecastRequest request{.minutes = usual_horizon};
  for (const char* name : {"minutes", "horizon"}) {
    const auto text = parameters.find(name);
    if (!text) continue;
    const auto number = parse_integer(*text);
    if (!number || *number < monitor::kForecastHorizons.front() || *number > monitor::kLongestHorizon) {
      return fail(FailureKind::InvalidInput, Origin::Client,
                  fmt::format("{}: '{}' is no whole number from 5 to 120", name, *text));
    }
    request.minutes = static_cast<int>(*number);
  }
  if (const auto text = parameters.find("scope")) {
    request.scope = monitor::forecast_scope_named(*text);
    if (!request.scope) {
      return fail(FailureKind::InvalidInput, Origin::Client,
                  fmt::format("scope: '{}' is none of all, pool, model, tenant, key", *text));
    }
  }
  return request;
}

json::value view(std::span<const monitor::SeriesForecast> series, const ForecastRequest& request, WallTime now) {
  json::array out;
  for (const monitor::SeriesForecast& one : series) {
    if (!request.scope || one.of.scope == *request.scope) out.push_back(view(one));
  }
  return json::object{{"at", to_rfc3339(now)}, {"horizon_minutes", request.minutes}, {"series", std::move(out)}};
}

}  // namespace tidegate::admin
