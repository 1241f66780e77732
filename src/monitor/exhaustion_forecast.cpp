// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/exhaustion_forecast.h"

namespace tidegate::monitor {

std::string_view to_string(ForecastScope scope) {
  switch (scope) {
    case ForecastScope::All: return "all";
    case ForecastScope::Pool: return "pool";
    case ForecastScope::Model: return "model";
    case ForecastScope::Tenant: return "tenant";
    case ForecastScope::Key: return "key";
  }
  return {};
}

std::optional<ForecastScope> forecast_scope_named(std::string_view name) {
  for (const ForecastScope scope :
       {ForecastScope::All, ForecastScope::Pool, ForecastScope::Model, ForecastScope::Tenant, ForecastScope::Key}) {
    if (name == to_string(scope)) return scope;
  }
  return std::nullopt;
}

std::string_view to_string(DemandMeasure measure) {
  switch (measure) {
    case DemandMeasure::Requests: return "requests";
    case DemandMeasure::InputTokens: return "input_tokens";
    case DemandMeasure::OutputTokens: return "output_tokens";
    case DemandMeasure::Cost: return "cost_usd";
    case DemandMeasure::Tokens: return "tokens";
  }
  return {};
}

}  // namespace tidegate::monitor
